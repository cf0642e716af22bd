import type { NextConfig } from "next";

const apiUrl = process.env.NEXT_PUBLIC_API_URL ?? "http://localhost:8081";

/** What is served: static files, one folder per route, for the orchestrator (or any file server) to hand out. */
const exported: NextConfig = {
  output: "export",
  trailingSlash: true,
  reactStrictMode: true,
  images: { unoptimized: true },
};

/**
 * What `npm run dev` runs: pages on :3000, everything else proxied to a running orchestrator, so that the browser sees
 * one origin as it does in production. Compression is off because it would hold the event stream back.
 */
const development: NextConfig = {
  reactStrictMode: true,
  compress: false,
  devIndicators: false,
  skipTrailingSlashRedirect: true,
  rewrites: () =>
    Promise.resolve([
      { source: "/api/:path*", destination: `${apiUrl}/api/:path*` },
      { source: "/:page(health|metrics)", destination: `${apiUrl}/:page` },
      { source: "/:service((?:sim|ops)\\.v1\\.[A-Za-z]+)/:method", destination: `${apiUrl}/:service/:method` },
    ]),
};

export default process.env.NODE_ENV === "development" ? development : exported;
