/** Where one is in a result, in the address: a page that is loaded again comes back to it. */

import { useShownInAddress } from '../../app/useShownInAddress';
import { useStore } from '../../app/useStore';
import type { ResultSession } from './resultSession';

/** The address names the result and the frame that are shown and, where asked for, the animal; none stands for all. */
export function usePlaceInAddress(session: ResultSession, hasAnimal: boolean): void {
  const [row, chosen] = useStore(session, (state) => [state.row, state.individuals] as const);
  const { id, individuals } = session.data.detail;
  const animal = individuals[chosen?.[0] ?? -1] ?? '';
  const shown = { result: id, frame: `${session.data.frameOf(row)}`, ...(hasAnimal && { animal }) };
  useShownInAddress(shown, (asked) => {
    if (asked.get('result') !== id) return;
    const [frame, name] = [frameFrom(asked), asked.get('animal')];
    if (frame !== null) session.goToFrame(frame);
    if (!hasAnimal || name === null) return;
    if (name === '') session.chooseIndividuals(null);
    else if (individuals.includes(name)) session.chooseIndividuals([individuals.indexOf(name)]);
  });
}

export function frameFrom(query: URLSearchParams): number | null {
  const frame = query.get('frame') ?? '';
  return /^\d+$/.test(frame) ? Number(frame) : null;
}
