#include "common/swarm/tracker/tracker_server.hpp"

#include "common/swarm/tracker/tracker_codec.hpp"

#include <random>

namespace swarmout {

namespace {

HttpReply reply_to(TrackerStore& store, std::string_view target, const std::string& address, MonotonicTime now) {
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  const std::string_view query = target.substr(std::min(question + 1, target.size()));
  Result<std::string> body = fail(ErrorCode::not_found, "no such page");
  if (path == "/announce") {
    body = parse_announce(query, address)
               .and_then([&](const Announcement& said) { return store.announce(said, now); })
               .map([](const AnnounceAnswer& answer) { return encode(answer); });
  } else if (path == "/scrape") {
    body = parse_scrape(query).map([&](const auto& asked) { return encode(store.scrape(asked, now)); });
  } else {
    return {404, "a tracker: /announce, /scrape\n"};
  }
  // The protocol reports failures in the body.
  return {200, body ? *std::move(body) : encode_failure(body.error().message)};
}

}  // namespace

TrackerServer::TrackerServer(const TrackerRules& rules, Clock& clock)
    : clock_(clock), store_(rules, std::random_device{}()) {}

Result<std::unique_ptr<TrackerServer>> TrackerServer::open(const TrackerSettings& settings, Clock& clock) {
  std::unique_ptr<TrackerServer> server(new TrackerServer(settings.rules, clock));
  TRY_ASSIGN(server->http_,
             HttpServer::open(settings, "the tracker", [tracker = server.get()](const HttpRequest& asked) {
               const std::lock_guard lock(tracker->mutex_);
               return reply_to(tracker->store_, asked.target, asked.address, tracker->clock_.now());
             }));
  return server;
}

void TrackerServer::serve(const SwarmKey& swarm, const Endpoint& seeder) {
  const std::lock_guard lock(mutex_);
  store_.serve(swarm, compact_peer(seeder));
}

std::set<CompactPeer> TrackerServer::whole(const SwarmKey& swarm) {
  const std::lock_guard lock(mutex_);
  return store_.whole(swarm, clock_.now());
}

}  // namespace swarmout
