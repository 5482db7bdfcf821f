import { Clapperboard } from 'lucide-react';
import { useSearchParams } from 'wouter';
import { api } from '../../api/client';
import { type PageProps, pageUrl } from '../../app/pages';
import { ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { EmptyState } from '../../components/EmptyState';
import { SelectField } from '../../components/Field';
import { Page } from '../../components/Page';
import { Loaded } from '../../components/Problem';
import './RenderPage.css';
import { RenderStudio } from './RenderStudio';

export default function RenderPage({ project }: PageProps) {
  const results = api.useQuery('get', '/api/projects/{project}/results', { params: { path: { project } } });
  const [search, setSearch] = useSearchParams();
  return (
    <Page text="The points drawn into the video: for talks, papers, and your own eyes." title="Labelled video">
      <Loaded query={results}>
        {(list) => {
          const result = list.find(({ id }) => id === search.get('result')) ?? list[0];
          if (!result) {
            return (
              <Card>
                <EmptyState
                  actions={
                    <ButtonLink kind="primary" to={pageUrl(project, 'analyse')}>
                      Analyse a video
                    </ButtonLink>
                  }
                  icon={Clapperboard}
                  title="Nothing to draw yet"
                >
                  Analyse a video first; then its points can be drawn into it.
                </EmptyState>
              </Card>
            );
          }
          return (
            <>
              <SelectField
                className="render__result"
                label="Result"
                onChange={(id) => setSearch({ result: id }, { replace: true })}
                options={list.map(({ id, name }) => ({ value: id, label: name }))}
                value={result.id}
              />
              <RenderStudio key={result.id} project={project} result={result} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
