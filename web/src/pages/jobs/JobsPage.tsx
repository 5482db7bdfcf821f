import { Page } from '../../components/Page';

export default function JobsPage({ project }: { project?: string }) {
  return <Page title="Jobs">{project}</Page>;
}
