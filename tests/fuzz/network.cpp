// What comes over the network in words of other protocols: the tracker's queries, etcd's answers, addresses.

#include "common/base/clock.hpp"
#include "common/base/duration.hpp"
#include "common/base/endpoint.hpp"
#include "common/share/etcd/etcd_client.hpp"
#include "common/share/etcd/etcd_kv.hpp"
#include "common/share/etcd/etcd_settings.hpp"
#include "common/swarm/tracker/tracker_codec.hpp"
#include "common/swarm/tracker/tracker_server.hpp"
#include "common/swarm/traffic.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/tcp_server.hpp"

#include <mutex>

namespace swarmout::fuzz {

namespace {

/// Stands for an etcd that was taken over: whatever is asked, it answers with the same bytes.
class Liar {
public:
  [[nodiscard]] std::string url() const { return "etcd://" + server_.endpoint() + "/fuzz"; }

  void say(std::string_view body) {
    const std::lock_guard lock(mutex_);
    answer_ = test::http_answer(200, std::string(body));
  }

private:
  std::string answer() {
    const std::lock_guard lock(mutex_);
    return answer_;
  }

  std::mutex mutex_;
  std::string answer_;
  test::TcpServer server_{[this](int socket, const std::stop_token& stop) {
    while (test::read_http(socket, stop) && test::send_text(socket, answer())) {
    }
  }};
};

}  // namespace

void announce(std::string_view input) {
  if (const auto said = parse_announce(input, std::string("\x7f\0\0\x01", 4))) {
    static const MonotonicTime begin{};
    TrackerStore store;
    const auto answer = store.announce(*said, begin);
    (void)(answer ? encode(*answer) : encode_failure(answer.error().message));
  }
  (void)parse_scrape(input);
}

/// What a stranger sends to a tracker that serves: it answers or closes, and serves the next one.
void http_request(std::string_view input) {
  static const auto tracker = [] {
    auto opened = TrackerServer::open({}, system_clock());
    check(opened.has_value(), "there is a port");
    SwarmKey swarm;
    swarm.fill('\x11');
    (*opened)->serve(swarm, {"127.0.0.1", 6881});
    return *std::move(opened);
  }();
  static unsigned strangers = 0;  // from one address there would be no port left after some ten thousand in a minute
  const test::RawClient client(tracker->endpoint(), "127.0.0." + std::to_string(1 + strangers++ % 250));
  check(client.connected(), "it takes connections");
  client.send(input);
  ::shutdown(client.socket(), SHUT_WR);
  const std::string heard = client.heard(std::chrono::seconds(10));
  check(heard.empty() || heard.starts_with("HTTP/1.1 "), "it answers in its protocol");
  check(client.closed(), "and then it closes");
}

void etcd_answer(std::string_view input) {
  static Liar liar;
  liar.say(input);
  static const EtcdSettings settings = [] {
    auto parsed = parse_etcd_url(liar.url());
    check(parsed.has_value(), "the address is one");
    parsed->patience = {};  // one answer is as good as another
    return *std::move(parsed);
  }();
  EtcdKv kv(EtcdClient(settings, system_clock()));
  (void)kv.get("key");
  (void)kv.range({"a", "z", 0, false, false});
  (void)kv.commit({{{EtcdCondition::Kind::absent, "key", 0}}, {{EtcdWrite::Kind::put, "key", "value", 0, {}}}, "key"});
}

void words(std::string_view input) {
  (void)parse_endpoint(input);
  (void)parse_duration(input);
  if (is_etcd_url(input)) {
    (void)parse_etcd_url(input);
  }
  if (const auto traffic = decode_traffic(input)) {
    check(traffic->hosts.size() <= 65, "hosts are capped");
  }
}

}  // namespace swarmout::fuzz
