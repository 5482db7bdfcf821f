import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function EvaluatePage({ project }: PageProps) {
  return <Page title="Evaluate">{project}</Page>;
}
