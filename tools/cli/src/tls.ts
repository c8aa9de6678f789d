import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PlatformError } from '@weir/core';
import { lanAddresses } from './announced-address.ts';

/** A certificate chain and its private key, both PEM. */
export type TlsFiles = { cert: string; key: string };

const dayMs = 86_400_000;
const lifeDays = 397; // Browsers refuse certificates that live longer.
const renewDays = 30;
const ownSubject = 'CN=Weir';

/** The certificate that somebody else made; an error that names the file when it cannot be used. */
export async function givenCertificate(
  certFile: string,
  keyFile: string,
  now = Date.now(),
): Promise<TlsFiles> {
  const [cert, key] = await Promise.all([readPem('tls-cert', certFile), readPem('tls-key', keyFile)]);
  const certificate = attempt(
    `--tls-cert ${certFile}: not a certificate in PEM form`,
    () => new X509Certificate(cert),
  );
  const privateKey = attempt(`--tls-key ${keyFile}: not a private key in PEM form without a passphrase`, () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey))
    throw new PlatformError('bad-request', `--tls-key ${keyFile} is not the key of --tls-cert ${certFile}`);
  if (Date.parse(certificate.validTo) < now)
    throw new PlatformError('bad-request', `--tls-cert ${certFile} expired on ${certificate.validTo}`);
  return { cert, key };
}

async function readPem(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new PlatformError(
      'bad-request',
      `--${option} ${file}: cannot be read (${(error as Error).message})`,
      {
        cause: error,
      },
    );
  }
}

function attempt<T>(message: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new PlatformError('bad-request', `${message} (${(error as Error).message})`, { cause: error });
  }
}

/** Whether a certificate is one that `ownCertificate` made, so that browsers will warn. */
export function isOwnCertificate(cert: string): boolean {
  return new X509Certificate(cert).subject === ownSubject;
}

/** The names that a certificate of our own is for: this machine's, and all of its addresses. */
export function ownNames(): string[] {
  return [...new Set(['localhost', '127.0.0.1', hostname(), ...lanAddresses()])];
}

/** Our own certificate, kept in `dataDir`; made anew when it nears its end or lacks one of `names`. */
export async function ownCertificate(
  dataDir: string,
  names = ownNames(),
  now = Date.now(),
): Promise<TlsFiles> {
  const folder = join(dataDir, 'tls');
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const kept = await givenCertificate(certFile, keyFile, now).catch(() => undefined); // None, or unusable: a new one.
  if (kept && serves(new X509Certificate(kept.cert), names, now)) return kept;

  const made = await makeCertificate(names, now);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(`${keyFile}.new`, made.key, { mode: 0o600 });
  await writeFile(`${certFile}.new`, made.cert);
  await chmod(`${keyFile}.new`, 0o600); // Also when a file of that name was there.
  await rename(`${keyFile}.new`, keyFile);
  await rename(`${certFile}.new`, certFile);
  return made;
}

function serves(certificate: X509Certificate, names: string[], now: number): boolean {
  const lasts = Date.parse(certificate.validTo) - now > renewDays * dayMs;
  return (
    lasts && names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)))
  );
}

async function makeCertificate(names: string[], now: number): Promise<TlsFiles> {
  await import('reflect-metadata'); // The X.509 package works only after it.
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: ownSubject,
      notBefore: new Date(now - dayMs), // For clients whose clock is behind.
      notAfter: new Date(now + (lifeDays - 1) * dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
        ),
      ],
    },
    webcrypto,
  );
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}
