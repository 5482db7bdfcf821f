import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';

export default function SkeletonPage({ project }: PageProps) {
  return <Page title="Skeleton">{project}</Page>;
}
