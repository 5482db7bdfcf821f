import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function TrainPage({ project }: PageProps) {
  return <Page title="Train">{project}</Page>;
}
