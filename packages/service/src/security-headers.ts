/** What a page of ours may do: everything from here, nothing inline, media and sockets as a call needs them. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:", // Signaling nodes may have addresses of their own.
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "frame-ancestors 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "object-src 'none'",
].join('; ');

/** On every answer. */
export const securityHeaders: Record<string, string> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer', // A join token may be in the address.
  'permissions-policy':
    'camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), geolocation=(), payment=(), usb=()',
};
