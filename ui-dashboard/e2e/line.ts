/** A line between a browser and the stack that a journey can cut, or make fall silent: a proxy in the test's own process. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** Every connection to the stream that was made through the line. */
export interface StreamVisit {
  /** What the page asked to go on after; empty for a first visit. */
  readonly after: string;
  /** All that it was sent. */
  text: string;
}

export class Line {
  readonly visits: StreamVisit[] = [];
  private readonly sockets = new Set<Socket>();
  /** Answers of the stream; while the line is silent they are held back. */
  private readonly streams = new Set<IncomingMessage>();
  private silent = false;

  private constructor(
    private readonly server: Server,
    private readonly stack: URL,
    private readonly port: number,
  ) {}

  static async to(stack: string): Promise<Line> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const line = new Line(server, new URL(stack), (server.address() as AddressInfo).port);
    server.on("request", (asked: IncomingMessage, answer: ServerResponse) => line.pass(asked, answer));
    server.on("connection", (socket: Socket) => {
      line.sockets.add(socket);
      socket.on("close", () => line.sockets.delete(socket));
    });
    return line;
  }

  /** Where a page has to go to be on this line. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Whatever is open breaks, and nobody answers any more. */
  async cut(): Promise<void> {
    const closed = new Promise<void>((done) => this.server.close(() => done()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async mend(): Promise<void> {
    await new Promise<void>((listening) => this.server.listen(this.port, "127.0.0.1", listening));
  }

  /** The stream stays open and says nothing; everything else gets through. */
  hush(): void {
    this.silent = true;
    for (const stream of this.streams) stream.pause();
  }

  /** What was held back arrives, late. */
  speak(): void {
    this.silent = false;
    for (const stream of this.streams) stream.resume();
  }

  private pass(asked: IncomingMessage, answer: ServerResponse): void {
    const { hostname, port } = this.stack;
    const onwards = request({ hostname, port, method: asked.method, path: asked.url, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      if (asked.url?.startsWith("/api/stream")) this.follow(asked, got, answer);
      else got.pipe(answer);
    });
    onwards.on("error", () => answer.destroy());
    answer.on("close", () => onwards.destroy());
    asked.pipe(onwards);
  }

  private follow(asked: IncomingMessage, got: IncomingMessage, answer: ServerResponse): void {
    const visit = { after: String(asked.headers["last-event-id"] ?? ""), text: "" };
    this.visits.push(visit);
    this.streams.add(got);
    got.on("close", () => this.streams.delete(got));
    got.on("data", (chunk: Buffer) => {
      visit.text += chunk.toString();
      answer.write(chunk);
    });
    got.on("end", () => answer.end());
    if (this.silent) got.pause();
  }
}
