import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function AnalysePage({ project }: PageProps) {
  return <Page title="Analyse">{project}</Page>;
}
