import type { PageProps } from '../../app/pages';
import { Page } from '../../components/Page';
import { Loaded } from '../../components/Problem';
import { CalibrationCard } from './CalibrationCard';
import './CamerasPage.css';
import { SessionsCard } from './SessionsCard';
import { useCameras } from './useRig';

export default function CamerasPage({ project }: PageProps) {
  const state = useCameras(project);
  return (
    <Page
      text="Which videos were taken together, and where each camera stood: what is needed to measure in 3D."
      title="Cameras"
    >
      <Loaded query={state}>
        {(cameras) => (
          <div className="stack">
            <SessionsCard cameras={cameras} project={project} />
            <CalibrationCard cameras={cameras} project={project} />
          </div>
        )}
      </Loaded>
    </Page>
  );
}
