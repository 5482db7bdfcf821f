import { CircleAlert, CircleCheck, Info, Stethoscope, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { api, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import { pageUrl } from '../../app/pages';
import { Button, ButtonLink } from '../../components/Button';
import { Card } from '../../components/Card';
import { Loaded } from '../../components/Problem';

type Finding = Schemas['Finding'];

const ICONS = { error: CircleAlert, warning: TriangleAlert, info: Info };

/** What is wrong with the project or worth knowing, in plain words. */
export function Health({ project }: { project: string }) {
  const [isDeep, setIsDeep] = useState(false);
  const checks = api.useQuery('get', '/api/projects/{project}/checks', {
    params: { path: { project }, query: { deep: isDeep } },
  });
  return (
    <Card
      actions={
        <Button icon={Stethoscope} isBusy={isDeep && checks.isFetching} onClick={() => setIsDeep(true)} size="sm">
          Read every video to its end
        </Button>
      }
      isFlush
      text="Moved videos, damaged files, labels that do not fit."
      title="Health"
    >
      <Loaded query={checks}>
        {({ findings }) =>
          findings.length === 0 ? (
            <p className="finding">
              <CircleCheck aria-hidden color="var(--good)" size={18} />
              Nothing is wrong.
            </p>
          ) : (
            <ul>
              {findings.map((finding, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: findings have no name and are replaced together
                <FindingRow finding={finding} key={index} project={project} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

/** Where a finding can be put right. */
const PLACES: Readonly<Record<string, { page: string; word: string }>> = {
  symmetries: { page: 'skeleton', word: 'Skeleton' },
  'nothing-labelled': { page: 'frames', word: 'Frames' },
  'no-condition': { page: 'videos', word: 'Videos' },
  'video-twice': { page: 'videos', word: 'Videos' },
};

function placeOf({
  code,
  video,
  frame,
}: Finding): { page: string; word: string; query?: Record<string, string | number> } | null {
  if (video && frame !== null && frame !== undefined) return { page: 'label', word: 'Open', query: { video, frame } };
  return PLACES[code] ?? (video ? { page: 'videos', word: 'Videos' } : null);
}

function FindingRow({ finding, project }: { finding: Finding; project: string }) {
  const Icon = ICONS[finding.severity];
  const place = placeOf(finding);
  // Commands are for those who type them: here a page does the same.
  const hint = finding.hint && !/\bmarey /.test(finding.hint) ? finding.hint : null;
  return (
    <li className={`finding finding--${finding.severity}`}>
      <Icon aria-label={finding.severity} role="img" size={18} />
      <div className="grow break-words">
        <p>{sentence(finding.message)}</p>
        <p className="soft small">
          {finding.where}
          {hint && ` · ${sentence(hint)}`}
        </p>
      </div>
      {place && (
        <ButtonLink size="sm" to={pageUrl(project, place.page, place.query)}>
          {place.word}
        </ButtonLink>
      )}
    </li>
  );
}
