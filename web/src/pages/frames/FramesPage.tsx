import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function FramesPage({ project }: PageProps) {
  return <Page title="Frames">{project}</Page>;
}
