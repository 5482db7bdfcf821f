import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function ResultsPage({ project }: PageProps) {
  return <Page title="Results">{project}</Page>;
}
