import { Download, FlaskConical, FolderOpen, FolderX, type LucideIcon, Plus, X } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, client, type Schemas } from '../../api/client';
import type { Job } from '../../api/jobStream';
import { useAction } from '../../api/useAction';
import { hasEnded, useJobs } from '../../app/jobs';
import { pageUrl } from '../../app/pages';
import { Badge } from '../../components/Badge';
import { Button, IconButton } from '../../components/Button';
import { Card } from '../../components/Card';
import { JobCard } from '../../components/JobCard';
import { Page } from '../../components/Page';
import { Loaded, Problem } from '../../components/Problem';
import { DemoDialog } from './DemoDialog';
import './HomePage.css';
import { when } from '../../components/format';
import { ImportDialog } from './ImportDialog';
import { NewProjectDialog } from './NewProjectDialog';
import { OpenDialog } from './OpenDialog';
import { pathOfProject, useOpenMade } from './useArrival';

type Way = 'new' | 'open' | 'import' | 'demo';

const WAYS: ReadonlyArray<{ way: Way; icon: LucideIcon; title: string; text: string }> = [
  { way: 'new', icon: Plus, title: 'New project', text: 'Choose an animal, then add your videos.' },
  { way: 'open', icon: FolderOpen, title: 'Open', text: 'A Marey project on this computer or server.' },
  { way: 'import', icon: Download, title: 'Import', text: 'Labels from DeepLabCut, SLEAP, Lightning Pose or COCO.' },
  { way: 'demo', icon: FlaskConical, title: 'Demo', text: 'A small made-up recording to try everything on.' },
];

export default function HomePage() {
  const [way, setWay] = useState<Way | null>(null);
  const [, go] = useLocation();
  const close = () => setWay(null);
  const open = (project: { id: string }) => go(pageUrl(project.id));
  const recents = api.useQuery('get', '/api/recents');
  const known = new Set(recents.data?.map((recent) => recent.path));
  const arriving = useJobs().filter(
    (job) => isMaking(job) && (!hasEnded(job) || !known.has(pathOfProject(job) ?? '')) && way === null,
  );
  return (
    <Page text="Turn videos of animals into measurements of their movement." title="Welcome to Marey">
      <div className="ways">
        {WAYS.map(({ way: name, icon: Icon, title, text }) => (
          <button className="way" key={name} onClick={() => setWay(name)} type="button">
            <span className="way__icon">
              <Icon aria-hidden size={20} strokeWidth={1.8} />
            </span>
            <span>
              <span className="way__title">{title}</span>
              <span className="way__text">{text}</span>
            </span>
          </button>
        ))}
      </div>
      {arriving.map((job) => (
        <Arriving job={job} key={job.id} onOpened={open} />
      ))}
      <Recents />
      {way === 'new' && <NewProjectDialog onClose={close} onMade={open} />}
      {way === 'open' && <OpenDialog onClose={close} onOpened={open} />}
      {way === 'import' && <ImportDialog onClose={close} onOpened={open} />}
      {way === 'demo' && <DemoDialog onClose={close} onOpened={open} />}
    </Page>
  );
}

function isMaking(job: Job): boolean {
  return (job.kind === 'import' || job.kind === 'demo') && (!hasEnded(job) || pathOfProject(job) !== null);
}

/** A project that is being made, or was made while nobody waited for it. */
function Arriving({ job, onOpened }: { job: Job; onOpened: (project: { id: string }) => void }) {
  const path = pathOfProject(job);
  const open = useOpenMade(onOpened);
  return (
    <JobCard job={job}>
      {path !== null && (
        <div>
          <Button isBusy={open.isBusy} kind="primary" onClick={() => open.run(path)}>
            Open the project
          </Button>
        </div>
      )}
      {open.error ? <Problem error={open.error} /> : null}
    </JobCard>
  );
}

function Recents() {
  const recents = api.useQuery('get', '/api/recents');
  return (
    <Card isFlush title="Recent projects">
      <Loaded query={recents}>
        {(list) =>
          list.length === 0 ? (
            <p className="recents__none soft">Projects that you make, open or import will be listed here.</p>
          ) : (
            <ul>
              {list.map((recent) => (
                <RecentRow key={recent.id} recent={recent} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function RecentRow({ recent }: { recent: Schemas['Recent'] }) {
  const forget = useAction(() => client.DELETE('/api/recents/{id}', { params: { path: { id: recent.id } } }));
  const words = (
    <>
      <span className="recent__name">{recent.name}</span>
      <span className="recent__path truncate">{recent.path}</span>
    </>
  );
  return (
    <li className="recent">
      {recent.exists ? (
        <Link className="recent__link" href={pageUrl(recent.id)}>
          {words}
        </Link>
      ) : (
        <span className="recent__link soft">{words}</span>
      )}
      {!recent.exists && (
        <Badge icon={FolderX} tone="warn">
          not there any more
        </Badge>
      )}
      <span className="soft small">{when(recent.opened)}</span>
      <IconButton icon={X} label={`Take ${recent.name} off this list`} onClick={() => forget.run()} size="sm" />
    </li>
  );
}
