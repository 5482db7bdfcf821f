import { Film } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/client';
import { type PageProps, pageUrl } from '../../app/pages';
import { ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { Page } from '../../components/Page';
import { Loaded } from '../../components/Problem';
import { AnalyseForm } from './AnalyseForm';
import './AnalysePage.css';
import { ResultsCard } from './ResultsCard';
import { VideoTable } from './VideoTable';

export default function AnalysePage({ project }: PageProps) {
  const params = { path: { project } };
  const table = api.useQuery('get', '/api/projects/{project}/analyses', { params });
  const runs = api.useQuery('get', '/api/projects/{project}/runs', { params });
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const usable = (runs.data ?? []).filter((run) => run.state === 'trained' || run.state === 'evaluated');
  return (
    <Page text="Follow the points through whole videos. You can close this page: it goes on." title="Analyse">
      <Loaded query={table}>
        {(data) => {
          if (data.videos.length === 0) return <Nothing page="videos" project={project} what="Add videos" />;
          // Poses may have come from elsewhere.
          if (runs.data && usable.length === 0)
            return (
              <div className="stack">
                <Nothing page="train" project={project} what="Train a network" />
                <ResultsCard project={project} />
              </div>
            );
          return (
            <div className="split">
              <div className="stack">
                <VideoTable chosen={chosen} onChoose={setChosen} project={project} table={data} />
                <ResultsCard project={project} />
              </div>
              <AnalyseForm
                chosen={chosen}
                onStarted={() => setChosen([])}
                project={project}
                runs={usable.map((run) => run.name)}
              />
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Nothing({ project, page, what }: PageProps & { page: string; what: string }) {
  return (
    <Card>
      <EmptyState
        actions={
          <ButtonLink kind="primary" to={pageUrl(project, page)}>
            {what}
          </ButtonLink>
        }
        icon={Film}
        title={page === 'videos' ? 'No videos to analyse' : 'No trained network yet'}
      >
        An analysis needs a video and a network that was trained on your labels.
      </EmptyState>
    </Card>
  );
}
