import type { ComponentProps } from 'react';
import { PageFrame } from '../shared/components/PageFrame.tsx';
import { SessionMenu } from './session/SessionMenu.tsx';

/** The frame of an operator's pages: the way to the runs, and who is logged in. */
export const OperatorFrame = (props: Omit<ComponentProps<typeof PageFrame>, 'home' | 'actions'>) => (
  <PageFrame {...props} home="/operator" actions={<SessionMenu />} />
);
