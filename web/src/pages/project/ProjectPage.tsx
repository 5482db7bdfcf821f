import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function ProjectPage({ project }: PageProps) {
  return <Page title="Overview">{project}</Page>;
}
