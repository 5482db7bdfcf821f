import { useMutation } from '@tanstack/react-query';
import { useToast } from '../components/Toast';
import { queryClient } from './client';
import { explain, isConflict } from './errors';

interface Action<Input, Output> {
  /** Start it; what comes of it goes to the given function, or to that of the hook. */
  run: (input: Input, onDone?: (output: Output) => void) => void;
  isBusy: boolean;
  /** What went wrong the last time. */
  error: unknown;
  /** What it works on, or worked on last. */
  input: Input | undefined;
}

interface Options<Input, Output> {
  onDone?: (output: Output, input: Input) => void;
  /** The error is shown where the action was asked for, not in a corner. */
  isQuiet?: boolean;
  /** What is asked for under the same name meanwhile waits for its turn. */
  queue?: string | undefined;
}

/** Something that a person does and that changes something: everything shown is asked for again afterwards, also after a conflict. */
export function useAction<Input = void, Output = unknown>(
  act: (input: Input) => Promise<Output>,
  { onDone, isQuiet = false, queue }: Options<Input, Output> = {},
): Action<Input, Output> {
  const toast = useToast();
  const { mutate, isPending, error, variables } = useMutation<Output, unknown, Input>({
    mutationFn: act,
    ...(queue === undefined ? {} : { scope: { id: queue } }),
    networkMode: 'always',
    onSuccess: (output, input) => {
      onDone?.(output, input);
      void queryClient.invalidateQueries();
    },
    onError: (problem) => {
      // What is shown is not what is there.
      if (isConflict(problem)) void queryClient.invalidateQueries();
      if (isQuiet) return;
      const { message, hint } = explain(problem);
      toast.warn(hint ? `${message} ${hint}` : message);
    },
  });
  return {
    run: (input, then) => mutate(input, then ? { onSuccess: then } : undefined),
    isBusy: isPending,
    error,
    input: variables,
  };
}

/** The body of a successful answer. */
export async function dataOf<Data>(request: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await request;
  if (data === undefined) throw new Error('The server sent an empty answer.');
  return data;
}
