import { notifications } from '@mantine/notifications';
import { asStrataError } from '../api/api.ts';

/** For what failed in the background of a click: stays long enough to read the remedy. */
export function notifyError(error: unknown): void {
  const { message, hint } = asStrataError(error);
  notifications.show({ color: 'red', title: message, message: hint, autoClose: 12_000 });
}
