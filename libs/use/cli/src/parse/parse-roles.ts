/** Roles of artifacts, as `checkpoint,manifest` names them. */
export function parseRoles(text = ''): string[] {
  return text
    .split(',')
    .map((role) => role.trim())
    .filter((role) => role !== '')
}
