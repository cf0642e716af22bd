/** Which engine an image most likely is. Pure. */
import type { Engine } from "../catalogue";

interface Guess {
  readonly engine: Engine;
  /** What it was told by. */
  readonly sure: boolean;
}

const profile = (name: string): Engine => ({ kind: "profile", name });
const template = (name: string): Engine => ({ kind: "template", name });

/** By the last part of the image's path: first match wins. */
const IMAGES: readonly (readonly [RegExp, Engine])[] = [
  [/postgres|postgis|timescale|cockroach|mysql|mariadb|percona|mssql|sqlserver|oracle|clickhouse|yugabyte|vitess/, template("small_postgresql")],
  [/redis|valkey|memcached|keydb|dragonfly/, template("redis_cache")],
  [/mongo|couch|cassandra|scylla|elasticsearch|opensearch|dynamodb|influxdb|qdrant|weaviate|milvus|neo4j|meilisearch|typesense|solr|minio/, profile("mongodb")],
  [/rabbitmq|kafka|redpanda|^nats|pulsar|activemq|artemis|mosquitto|emqx|nsq|elasticmq|beanstalkd/, profile("message_queue")],
  [/kong|tyk|apisix|krakend|gateway|ambassador|gravitee/, template("public_api_gateway")],
  [/traefik|haproxy|envoy|balancer/, template("internal_load_balancer")],
  [/varnish|cdn/, template("edge_cdn")],
  [/nginx|httpd|apache|caddy|frontend|webapp|storefront|website/, template("small_web_server")],
  [/tomcat|jetty|wildfly|jboss|spring|openjdk|temurin|keycloak|quarkus|payara/, template("jvm_application_server")],
  [/flink|spark|storm|ksql/, template("stream_processor")],
  [/celery|sidekiq|resque|worker|consumer|processor|cron|batch|etl/, profile("batch_processor")],
  [/python|django|flask|gunicorn|uvicorn|fastapi|rails|ruby|php|wordpress|drupal|laravel|node|express/, template("interpreted_api_server")],
];

const NAMES: readonly (readonly [RegExp, Engine])[] = [
  [/(^|[-_.])(postgres(ql)?|pg|mysql|mariadb|sql|db|database)($|[-_.\d])/, template("small_postgresql")],
  [/(^|[-_.])(redis|cache|memcached?|valkey)($|[-_.\d])/, template("redis_cache")],
  [/(^|[-_.])(mongo(db)?|documents|elastic(search)?|search-index)($|[-_.\d])/, profile("mongodb")],
  [/(^|[-_.])(queue|broker|mq|rabbit(mq)?|kafka|nats|bus)($|[-_.\d])/, profile("message_queue")],
  [/(^|[-_.])(gateway|ingress)($|[-_.\d])/, template("public_api_gateway")],
  [/(^|[-_.])(lb|load-?balancer|proxy)($|[-_.\d])/, template("internal_load_balancer")],
  [/(^|[-_.])cdn($|[-_.\d])/, template("edge_cdn")],
  [/(^|[-_.])(web|www|front-?end|ui|site|storefront)($|[-_.\d])/, template("small_web_server")],
  [/(^|[-_.])(worker|consumer|processor|jobs?|batch|scheduler|celery|sidekiq)($|[-_.\d])/, profile("batch_processor")],
  [/(^|[-_.])(api|backend|server)($|[-_.\d])/, template("interpreted_api_server")],
];

/** Otherwise it is one of many small services. */
const USUAL = template("small_microservice");

/** By the image, when it is one that everybody knows; else by the service's name, and then by what an image of one's own is called. */
export function guessEngine(image: string, name: string): Guess {
  const path = image.toLowerCase().replace(/@.*$/, "").split("/");
  const last = (path.at(-1) ?? "").replace(/:.*$/, "");
  const known = IMAGES.find(([pattern]) => pattern.test(last))?.[1];
  // A store or a broker is what its image says; an application is rather what it is called.
  if (known && isStore(known)) return { engine: known, sure: true };
  const named = NAMES.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1];
  if (named && !isStore(named)) return { engine: named, sure: true };
  if (known) return { engine: known, sure: true };
  if (named) return { engine: named, sure: image === "" };
  return { engine: USUAL, sure: false };
}

const STORES = new Set(["small_postgresql", "redis_cache", "mongodb", "message_queue"]);

/** Databases, caches and queues: nobody outside talks to them, and they call nobody. */
export function isStore({ name }: Engine): boolean {
  return STORES.has(name);
}

export function isQueue({ name }: Engine): boolean {
  return name === "message_queue";
}

export function isWorker({ name }: Engine): boolean {
  return name === "batch_processor" || name === "stream_processor";
}
