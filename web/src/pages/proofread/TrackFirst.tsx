import { Footprints } from 'lucide-react';
import { useState } from 'react';
import type { Schemas } from '../../api/client';
import { hasEnded, useJobs } from '../../app/jobs';
import { Button } from '../../components/Button';
import { Callout } from '../../components/Callout';
import { JobCard } from '../../components/JobCard';
import { TrackDialog } from '../../components/TrackDialog';

/** Poses of several animals say nothing about who is who until the animals were followed. */
export function TrackFirst({ project, result }: { project: string; result: Schemas['Result'] }) {
  const job = useJobs(project).find(
    (candidate) => candidate.kind === 'track' && candidate.subject['result'] === result.id && !hasEnded(candidate),
  );
  const [isAsking, setIsAsking] = useState(false);
  if (job) return <JobCard job={job} />;
  return (
    <Callout kind="info" title="Nobody knows yet who is who">
      <p>Follow the animals first: the tracks become a file of their own, and the likely mistakes are listed.</p>
      <div className="track-first__button">
        <Button icon={Footprints} kind="primary" onClick={() => setIsAsking(true)} size="sm">
          Follow the animals
        </Button>
      </div>
      {isAsking && <TrackDialog onClose={() => setIsAsking(false)} project={project} result={result} />}
    </Callout>
  );
}
