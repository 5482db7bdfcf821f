import { client, type Schemas } from '../../api/client';
import { dataOf, useAction } from '../../api/useAction';
import type { Place } from '../../components/FileBrowser';
import { PlaceDialog } from '../../components/PlaceDialog';
import { Problem } from '../../components/Problem';

interface OpenDialogProps {
  onOpened: (project: Schemas['Project']) => void;
  onClose: () => void;
}

export function useOpenProject(onOpened: OpenDialogProps['onOpened']) {
  return useAction((place: Place) => dataOf(client.POST('/api/projects/open', { body: place })), {
    onDone: onOpened,
    isQuiet: true,
  });
}

export function OpenDialog({ onOpened, onClose }: OpenDialogProps) {
  const open = useOpenProject(onOpened);
  return (
    <PlaceDialog
      canChooseFolder
      canTick={(entry) => entry.kind === 'project'}
      choose="Open"
      isBusy={open.isBusy}
      onChoose={([place]) => place && open.run(place)}
      onClose={onClose}
      text="Choose the folder of a project."
      title="Open a project"
    >
      {open.error ? <Problem error={open.error} title="This could not be opened." /> : null}
    </PlaceDialog>
  );
}
