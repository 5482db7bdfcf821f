import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function RenderPage({ project }: PageProps) {
  return <Page title="Labelled video">{project}</Page>;
}
