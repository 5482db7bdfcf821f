import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function ImprovePage({ project }: PageProps) {
  return <Page title="Improve">{project}</Page>;
}
