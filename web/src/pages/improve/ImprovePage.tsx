import { Sparkles, Target } from 'lucide-react';
import { useState } from 'react';
import { api, client } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import { hasEnded, useJobs } from '../../app/jobs';
import { type PageProps, pageUrl } from '../../app/pages';
import { Button, ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { NumberField } from '../../components/Field';
import { JobCard } from '../../components/JobCard';
import { Page } from '../../components/Page';
import { Loaded, Problem } from '../../components/Problem';
import './ImprovePage.css';
import { LearningCurve } from './LearningCurve';
import { SuggestionList } from './SuggestionList';

export default function ImprovePage({ project }: PageProps) {
  const params = { path: { project } };
  const results = api.useQuery('get', '/api/projects/{project}/results', { params });
  const suggestions = api.useQuery('get', '/api/projects/{project}/suggestions', { params });
  const searching = useJobs(project).filter((job) => job.kind === 'suggest' && !hasEnded(job));
  return (
    <Page text="Label the frames from which the network would learn most, then train again." title="Improve">
      <Loaded query={results}>
        {(files) =>
          files.length === 0 ? (
            <Card>
              <EmptyState
                actions={
                  <ButtonLink kind="primary" to={pageUrl(project, 'analyse')}>
                    Analyse a video
                  </ButtonLink>
                }
                icon={Sparkles}
                title="Analyse a video first"
              >
                Where a network is unsure shows in what it makes of whole videos. Analyse one, a part of it is enough.
              </EmptyState>
            </Card>
          ) : (
            <>
              <Search project={project} />
              {searching.map((job) => (
                <JobCard job={job} key={job.id} />
              ))}
              <Loaded query={suggestions}>
                {(data) =>
                  data.suggestions.length > 0 ? (
                    <SuggestionList found={data} key={data.made} project={project} />
                  ) : (
                    <Card>
                      <EmptyState icon={Target} title={data.made ? 'Nothing stands out' : 'Not searched yet'}>
                        {data.made
                          ? 'In what was analysed, no frame would teach the network much. Analyse other videos.'
                          : 'Marey looks for points that jump, that are unsure, and for bodies of odd proportions.'}
                      </EmptyState>
                    </Card>
                  )
                }
              </Loaded>
            </>
          )
        }
      </Loaded>
      <LearningCurve project={project} />
    </Page>
  );
}

function Search({ project }: PageProps) {
  const [n, setN] = useState<number | null>(20);
  const search = useAction(
    () =>
      dataOf(
        client.POST('/api/projects/{project}/suggestions', {
          params: { path: { project } },
          body: { n: n ?? 20, results: null, seed: 0 },
        }),
      ),
    { isQuiet: true },
  );
  return (
    <Card text="It looks through the newest results of every video." title="Find the frames most worth labelling">
      <div className="stack">
        <div className="improve__search">
          <NumberField label="How many frames" max={1000} min={1} onChange={setN} step={1} value={n} />
          <Button
            disabled={!n || n < 1}
            icon={Sparkles}
            isBusy={search.isBusy}
            kind="primary"
            onClick={() => search.run()}
          >
            Find them
          </Button>
        </div>
        {search.error ? <Problem error={search.error} title="The search could not be started." /> : null}
      </div>
    </Card>
  );
}
