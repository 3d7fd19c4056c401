/** What a PROXY protocol header tells: both ends of the connection that the sender speaks for. */

export interface IpPort {
  /** In its one spelling: IPv4 where it is one, even if it came as `::ffff:10.0.0.1`; else IPv6 as RFC 5952 has it. */
  readonly address: string;
  /** 0…65535. */
  readonly port: number;
}

export interface ConnectionEnds {
  /** The client. */
  readonly source: IpPort;
  /** The address that it connected to. */
  readonly destination: IpPort;
}

export interface ProxyHeader {
  /** Undefined where the sender speaks for nobody that has an IP address: the socket's own addresses count then. */
  readonly ends: ConnectionEnds | undefined;
  /** Offset of the first byte after the header. */
  readonly end: number;
}

/** `incomplete`: what has come may yet become a header. `malformed`: it cannot any more. */
export type ProxyHeaderRead = ProxyHeader | 'incomplete' | 'malformed';
