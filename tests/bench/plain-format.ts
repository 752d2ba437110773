/** What the plain Worker keeps in KV, as JSON. */
export interface PlainKey {
  org: string;
  permissions: string[];
  expires_at: number;
  revoked: boolean;
}

export interface PlainConnection {
  status: string;
  resource: string;
  scope: string;
  expires_at: number;
  version: number;
  iv: string;
  sealed: string;
}
