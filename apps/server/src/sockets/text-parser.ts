import { Decoder, Encoder } from 'socket.io-parser';

/** Packets that announce binary attachments (Socket.IO protocol 5: BINARY_EVENT and BINARY_ACK). */
const announces = /^[56]/;

/**
 * Decodes text alone. Nothing of the protocol is binary, and who announces attachments and does not end them would have
 * all that comes kept for him: the first such packet closes the connection, before anything of it is kept.
 */
class TextDecoder extends Decoder {
  override add(packet: unknown): void {
    if (typeof packet !== 'string' || announces.test(packet)) throw new Error('Only text is spoken here.');
    super.add(packet);
  }
}

/** Socket.IO's `parser` option. */
export const textParser = { Encoder, Decoder: TextDecoder };
