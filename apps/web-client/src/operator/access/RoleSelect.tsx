import { NativeSelect, type NativeSelectProps } from '@mantine/core';
import { Role, roleAllows, roles } from '@strata/fl-core/protocol';
import { useSession } from '../session/session.ts';

const texts = {
  viewer: 'Viewer: looks at runs',
  operator: 'Operator: makes, steers and exports runs',
  owner: 'Owner: also says who may what',
} as const satisfies Record<Role, string>;

interface RoleSelectProps extends Pick<NativeSelectProps, 'label' | 'aria-label' | 'size' | 'disabled'> {
  readonly value: Role;
  readonly onPick: (role: Role) => void;
}

/** The roles that one may give: none greater than one's own. */
export function RoleSelect({ value, onPick, ...rest }: RoleSelectProps) {
  const own = useSession()?.role ?? 'viewer';
  const data = roles
    .filter((role) => roleAllows(own, role))
    .map((role) => ({ value: role, label: texts[role] }));
  return (
    <NativeSelect
      {...rest}
      data={data}
      value={value}
      onChange={(event) => onPick(Role.parse(event.currentTarget.value))}
    />
  );
}
