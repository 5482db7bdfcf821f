import type { Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import { count, duration, plural } from '../../components/format';

const WORDS = { train: 'to learn from', validation: 'to choose by', test: 'to test on' };

/** What a training would do, how long it takes, and which frames it keeps for the test. */
export function Plan({ plan }: { plan: Schemas['TrainingPlan'] }) {
  const parts = plan.parts.filter((part) => part.n_frames > 0);
  return (
    <section aria-label="Plan" className="plan">
      <div>
        <p className="soft small">Takes about</p>
        <p className="plan__minutes">{plan.minutes === null ? 'not known yet' : duration(plan.minutes * 60)}</p>
        <p className="soft small">
          {sentence(plan.basis)} {count(plan.steps)} steps of {plural(plan.batch_size, 'picture')}.
        </p>
      </div>
      <div aria-hidden className="plan__parts">
        {parts.map(({ part, n_frames }) => (
          <div className={`plan__part plan__part--${part}`} key={part} style={{ flexGrow: n_frames }} />
        ))}
      </div>
      <div className="plan__legend">
        {parts.map(({ part, n_frames, videos }) => (
          <span key={part} title={videosIn(videos)}>
            <i className={`plan__dot plan__dot--${part}`} />
            {plural(n_frames, 'frame')} {WORDS[part]}
          </span>
        ))}
      </div>
      <p className="soft small">{sentence(plan.view)}</p>
    </section>
  );
}

function videosIn(videos: Readonly<Record<string, number>>): string {
  return Object.entries(videos)
    .map(([video, n]) => `${video}: ${n}`)
    .join(', ');
}
