import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function LabelCheckPage({ project }: PageProps) {
  return <Page title="Label check">{project}</Page>;
}
