import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function LabelPage({ project }: PageProps) {
  return <Page title="Label">{project}</Page>;
}
