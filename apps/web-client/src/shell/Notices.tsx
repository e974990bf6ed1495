import '@mantine/notifications/styles.layer.css';
import { Notifications } from '@mantine/notifications';

/** What failed in the background of a click of the operator's; a participant's page says such things where they belong. */
export default function Notices() {
  return <Notifications position="bottom-right" limit={4} />;
}
