import { ArrowRight, Check, Pencil } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import { hasEnded, useJobs } from '../../app/jobs';
import { type PageProps, PROJECT_PAGES, pageUrl } from '../../app/pages';
import { Badge } from '../../components/Badge';
import { Button, ButtonLink } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { classes } from '../../components/classes';
import { JobCard } from '../../components/JobCard';
import { Page } from '../../components/Page';
import { Loaded } from '../../components/Problem';
import { EditProjectDialog } from './EditProjectDialog';
import { Health } from './Health';
import './ProjectPage.css';

type Project = Schemas['Project'];
type Step = Schemas['Step'];

/** What a step is about, for those who do it the first time. */
const ABOUT: Readonly<Record<Step['name'], string>> = {
  videos: 'Add the recordings of your animals.',
  skeleton: 'Say which points of the body to follow.',
  frames: 'Pick pictures that differ from each other.',
  label: 'Mark the points in these pictures.',
  train: 'Let a network learn from your labels.',
  evaluate: 'See how far off it is on pictures it never saw.',
  improve: 'Label where it is unsure, and train again.',
  analyse: 'Follow the points through whole videos.',
};

export default function ProjectPage({ project }: PageProps) {
  const query = api.useQuery('get', '/api/projects/{project}', { params: { path: { project } } });
  const [isEditing, setIsEditing] = useState(false);
  return (
    <Page
      actions={
        query.data && (
          <Button icon={Pencil} kind="quiet" onClick={() => setIsEditing(true)}>
            Name and animals
          </Button>
        )
      }
      text={query.data && <span className="break-words">{query.data.path}</span>}
      title={query.data?.name ?? 'Project'}
    >
      <Loaded query={query}>
        {(data) => (
          <>
            {data.read_only && (
              <Callout kind="warn" title="This project is open elsewhere.">
                It can be looked at here, but not changed. Close it in the other window or on the other computer first.
              </Callout>
            )}
            <NextAction project={data} />
            <RunningJobs project={project} />
            <Steps project={data} />
            <Health project={project} />
            {isEditing && <EditProjectDialog onClose={() => setIsEditing(false)} project={data} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function NextAction({ project }: { project: Project }) {
  const { step, text, reason } = project.next_action;
  return (
    <section aria-label="Next step" className="next">
      <div className="grow">
        <p className="next__eyebrow">Next step</p>
        <h2 className="next__title">{text}</h2>
        {reason && <p className="soft">{sentence(reason)}</p>}
      </div>
      <ButtonLink icon={ArrowRight} kind="primary" size="lg" to={pageUrl(project.id, step)}>
        {titleOf(step)}
      </ButtonLink>
    </section>
  );
}

function RunningJobs({ project }: { project: string }) {
  const running = useJobs(project).filter((job) => !hasEnded(job));
  if (running.length === 0) return null;
  return (
    <section aria-label="Running jobs" className="stack">
      {running.map((job) => (
        <JobCard job={job} key={job.id} />
      ))}
    </section>
  );
}

function Steps({ project }: { project: Project }) {
  return (
    <ol className="steps">
      {project.steps.map((step, index) => (
        <li className="steps__item" key={step.name}>
          <Link className={classes('step', `step--${step.state}`)} href={pageUrl(project.id, step.name)}>
            <span className="step__head">
              <span aria-hidden className="step__mark">
                {step.state === 'done' ? <Check size={15} strokeWidth={2.6} /> : index + 1}
              </span>
              <span className="step__title">{titleOf(step.name)}</span>
              {step.state === 'current' && <Badge tone="accent">next</Badge>}
              {step.state === 'done' && <span className="visually-hidden">done</span>}
            </span>
            <span className="step__count number">{step.text || '–'}</span>
            <span className="step__about">{ABOUT[step.name]}</span>
          </Link>
        </li>
      ))}
    </ol>
  );
}

function titleOf(step: Step['name']): string {
  return PROJECT_PAGES.find((page) => page.name === step)?.title ?? step;
}
