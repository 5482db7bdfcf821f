/** How the animals of a result are to be followed: the choices of `marey track`. */

import { Footprints } from 'lucide-react';
import { useState } from 'react';
import { api, client, type Schemas } from '../api/client';
import { dataOf, useAction } from '../api/useAction';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { CheckField, NumberField, SelectField } from './Field';
import { Problem } from './Problem';
import { useToast } from './Toast';

type TrackingRequest = Schemas['TrackingRequest'];
type Appearance = NonNullable<TrackingRequest['appearance']>;
type Leaving = 'auto' | 'yes' | 'no';

const LEAVING = [
  { value: 'auto', label: 'found out' },
  { value: 'yes', label: 'they do' },
  { value: 'no', label: 'they do not' },
] as const;

interface Props {
  readonly project: string;
  readonly result: { readonly id: string; readonly name: string; readonly video: string | null };
  readonly onClose: () => void;
}

export function TrackDialog({ project, result, onClose }: Props) {
  const { data: videos } = api.useQuery('get', '/api/projects/{project}/videos', { params: { path: { project } } });
  const hasVideo = videos?.some(({ key, is_missing }) => key === result.video && !is_missing) ?? false;
  const [number, setNumber] = useState<number | null>(null);
  const [leaving, setLeaving] = useState<Leaving>('auto');
  const [appearance, setAppearance] = useState<Appearance>('off');
  const [maxGap, setMaxGap] = useState<number | null>(1);
  const [takeApart, setTakeApart] = useState(false);
  const [again, setAgain] = useState(false);
  const toast = useToast();
  const start = useAction(
    (body: TrackingRequest) =>
      dataOf(
        client.POST('/api/projects/{project}/results/{result}/track', {
          params: { path: { project, result: result.id } },
          body,
        }),
      ),
    {
      onDone: () => {
        toast.say('The animals are being followed; the tracks become a file of their own.');
        onClose();
      },
      isQuiet: true,
    },
  );
  const body: TrackingRequest = {
    n_animals: number,
    can_leave: leaving === 'auto' ? null : leaving === 'yes',
    appearance: hasVideo ? appearance : 'off',
    max_gap_s: maxGap ?? 0,
    take_apart: takeApart,
    overwrite: again,
  };
  return (
    <Dialog
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button icon={Footprints} isBusy={start.isBusy} kind="primary" onClick={() => start.run(body)}>
            Follow the animals
          </Button>
        </>
      }
      onClose={onClose}
      text={result.name}
      title="Who is who"
    >
      <div className="stack">
        <NumberField
          hint="Leave it empty to have it estimated."
          label="Number of animals"
          min={1}
          onChange={setNumber}
          placeholder="estimated"
          step={1}
          value={number}
        />
        <SelectField label="Animals come and go" onChange={setLeaving} options={LEAVING} value={leaving} />
        <SelectField
          hint={
            hasVideo
              ? 'For animals that differ; it is learned from the video, without labels.'
              : 'It needs the video of these poses, which is not there.'
          }
          label="Tell them apart by their looks"
          onChange={setAppearance}
          options={[
            { value: 'off', label: 'no: they look alike' },
            { value: 'auto', label: 'where they met or were lost', isDisabled: !hasVideo },
            { value: 'on', label: 'always', isDisabled: !hasVideo },
          ]}
          value={appearance}
        />
        <NumberField
          hint="What is filled in has confidence 0; with 0 nothing is filled."
          label="Fill gaps of at most"
          min={0}
          onChange={setMaxGap}
          step={0.1}
          unit="s"
          value={maxGap}
        />
        <CheckField
          checked={takeApart}
          label="Take detections apart that were put together from two animals"
          onChange={setTakeApart}
        />
        <CheckField
          checked={again}
          hint="Repairs that were made in them are lost."
          label="Replace tracks that are there already"
          onChange={setAgain}
        />
        {start.error ? <Problem error={start.error} title="The animals could not be followed." /> : null}
      </div>
    </Dialog>
  );
}
