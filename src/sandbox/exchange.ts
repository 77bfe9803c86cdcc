/** What the sandbox sends under: the framework's id, purpose and target group. */
export interface Exchange {
  protocol: string
  purpose: string
  targetGroup: { id: string; version: string }
}

/** The exchange of protocols/wm-vdab, as its public document says it. */
export const WM_VDAB: Exchange = {
  protocol: 'wm-vdab',
  purpose: 'detection',
  targetGroup: { id: 'tenants-with-labour-potential', version: '1.0' },
}
