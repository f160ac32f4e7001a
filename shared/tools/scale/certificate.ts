// A throw-away certificate for localhost, made without any tool: X.509 (RFC 5280 §4.1) in DER (X.690).
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate and its key, as PEM files, and the certificate's text for a client that is to trust it. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly pem: string;
}

/** Makes a certificate that is valid for `localhost` and signed by itself. */
export function makeCertificate(folder: string, name = "localhost"): CertificateFiles {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = pemOf(certificateOf(publicKey, privateKey));
  const files = { cert: join(folder, `${name}.cert.pem`), key: join(folder, `${name}.key.pem`), pem };
  writeFileSync(files.cert, pem);
  writeFileSync(files.key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return files;
}

/** One element: its tag, its length, its content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  const { length } = bytes;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}

const sequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
const identifier = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
const time = (text: string) => der(0x17, Buffer.from(text));

function certificateOf(publicKey: KeyObject, privateKey: KeyObject): Buffer {
  const algorithm = sequence(identifier(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)); // ecdsa-with-SHA256
  const commonName = sequence(identifier(0x55, 0x04, 0x03), der(0x0c, Buffer.from("localhost")));
  const name = sequence(der(0x31, commonName));
  const names = sequence(der(0x82, Buffer.from("localhost"))); // dNSName
  const extension = sequence(identifier(0x55, 0x1d, 0x11), der(0x04, names)); // subjectAltName
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])), // serial number
    algorithm,
    name, // issuer
    sequence(time("200101000000Z"), time("491231235959Z")),
    name, // subject
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extension)),
  );
  const signature = sign("sha256", content, privateKey);
  return sequence(content, algorithm, der(0x03, Buffer.from([0]), signature));
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
