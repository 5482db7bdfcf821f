import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function VideosPage({ project }: PageProps) {
  return <Page title="Videos">{project}</Page>;
}
