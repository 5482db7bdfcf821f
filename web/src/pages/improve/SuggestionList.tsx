import { MousePointerClick } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, client, frameUrl, type Schemas } from '../../api/client';
import { sentence } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { pageUrl } from '../../app/pages';
import { Button } from '../../components/Button';
import { Card } from '../../components/Card';
import { classes } from '../../components/classes';
import { count, plural, when } from '../../components/format';
import { Picture } from '../../components/Picture';

type Suggestion = Schemas['Suggestion'];
type Video = Schemas['Video'];

const keyOf = ({ video, frame }: { video: string; frame: number }) => `${video} ${frame}`;

interface SuggestionListProps {
  project: string;
  found: Schemas['Suggestions'];
}

/** The frames that were found, to be ticked and labelled. */
export function SuggestionList({ project, found }: SuggestionListProps) {
  const videos = api.useQuery('get', '/api/projects/{project}/videos', { params: { path: { project } } });
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [, go] = useLocation();
  const chosen = found.suggestions.filter((suggestion) => !left.has(keyOf(suggestion)));
  const label = useAction(() => extract(project, chosen), {
    onDone: () => {
      const [first] = chosen;
      if (first) go(pageUrl(project, 'label', { video: first.video, frame: first.frame, prefill: 'model' }));
    },
  });
  const toggle = (key: string, isTicked: boolean) => {
    const next = new Set(left);
    if (isTicked) next.delete(key);
    else next.add(key);
    setLeft(next);
  };
  return (
    <Card
      actions={
        <Button
          disabled={chosen.length === 0}
          icon={MousePointerClick}
          isBusy={label.isBusy}
          kind="primary"
          onClick={() => label.run()}
        >
          Label {chosen.length === 1 ? 'this one' : `these ${chosen.length}`}
        </Button>
      }
      text={`Found ${when(found.made)}. The network’s own points will be there as a proposal: correct what is wrong.`}
      title={`${plural(found.suggestions.length, 'frame')} worth labelling`}
    >
      <ul className="suggestions">
        {found.suggestions.map((suggestion) => (
          <li key={keyOf(suggestion)}>
            <Tile
              isTicked={!left.has(keyOf(suggestion))}
              onTick={(isTicked) => toggle(keyOf(suggestion), isTicked)}
              project={project}
              suggestion={suggestion}
              video={videos.data?.find(({ key }) => key === suggestion.video)}
            />
          </li>
        ))}
      </ul>
    </Card>
  );
}

interface TileProps {
  project: string;
  suggestion: Suggestion;
  video: Video | undefined;
  isTicked: boolean;
  onTick: (isTicked: boolean) => void;
}

function Tile({ project, suggestion, video, isTicked, onTick }: TileProps) {
  const { frame, reason, is_extracted: isExtracted } = suggestion;
  return (
    <label className={classes('suggestion', isTicked && 'suggestion--ticked')}>
      <Picture
        alt=""
        ratio={(video?.width ?? 4) / (video?.height ?? 3)}
        src={frameUrl(project, suggestion.video, frame, { width: 480, stamp: video?.stamp })}
      />
      <span className="suggestion__words">
        <input checked={isTicked} onChange={(event) => onTick(event.target.checked)} type="checkbox" />
        <span className="strong">{sentence(reason)}</span>
        <span className="soft small truncate">
          {suggestion.video}, frame {count(frame)}
          {isExtracted && ' · waits to be labelled already'}
        </span>
      </span>
    </label>
  );
}

/** Put the frames into the queue of the Label page, video by video. */
async function extract(project: string, chosen: readonly Suggestion[]): Promise<void> {
  const missing = chosen.filter((suggestion) => !suggestion.is_extracted);
  for (const video of new Set(missing.map((suggestion) => suggestion.video))) {
    const frames = missing.filter((suggestion) => suggestion.video === video).map(({ frame }) => frame);
    await dataOf(
      client.POST('/api/projects/{project}/frames', { params: { path: { project } }, body: { video, frames } }),
    );
  }
}
