// What the client does with servers that are no etcd, and with an etcd whose answers get lost.

#include "common/share/etcd/etcd_client.hpp"

#include "common/share/etcd/base64.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace swarmout::test {

namespace {

using testing::HasSubstr;

constexpr auto kNoPatience = std::chrono::milliseconds(0);
constexpr const char* kHeader = R"("header":{"revision":"7"})";

EtcdSettings only(const std::string& endpoint) {
  EtcdSettings settings = *parse_etcd_url("etcd://" + endpoint + "/fleet");
  settings.patience = kNoPatience;
  settings.call_timeout = std::chrono::seconds(3);
  return settings;
}

EtcdShare share_on(const EtcdSettings& settings) {
  return EtcdShare(settings, system_clock(), kNoPatience);
}

/// Answers everything with the same body.
TcpServer answering(int status, std::string body) {
  return TcpServer([status, body = std::move(body)](int socket, const std::stop_token& stop) {
    while (read_http(socket, stop) && send_text(socket, http_answer(status, body))) {
    }
  });
}

/// Something that says whatever it likes in answer to a request.
class EtcdClientGarbage : public testing::TestWithParam<std::string> {};

std::uint16_t port_of_common_etcd() {
  const std::string endpoint = common_etcd().endpoint(0);
  return static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.find(':') + 1)));
}

bool is_transaction(const std::string& request) {
  return request.starts_with("POST /v3/kv/txn");
}

}  // namespace

TEST_P(EtcdClientGarbage, IsNeverAWinNorACrash) {
  const TcpServer server = answering(200, GetParam());
  EtcdShare share = share_on(only(server.endpoint()));

  EXPECT_EQ(share.put(Position{1}, "mine").outcome, PutOutcome::unknown);
  EXPECT_FALSE(share.tail({}).has_value());
  EXPECT_FALSE(share.write_cell(CellKind::peer, "a", "value").has_value());
  EXPECT_FALSE(share.list_cells(CellKind::peer).has_value());
  EXPECT_FALSE(share.read_blob("a", kMaxBlob).has_value());
  EXPECT_FALSE(EtcdShare::open(only(server.endpoint())).has_value());
  EXPECT_FALSE(EtcdShare::init(only(server.endpoint())).has_value());
}

INSTANTIATE_TEST_SUITE_P(
    EtcdClient, EtcdClientGarbage,
    testing::Values(
        "", "{", "{}", "[]", "null", "true", "\"text\"", "1e999", "<html>", std::string(3 * kMiB, '['),
        std::string(100'000, '{'), R"({"succeeded":true})", R"({"header":[]})", R"({"header":{"revision":7}})",
        R"({"header":{"revision":"-7"},"succeeded":true})", R"({"header":{"revision":"99999999999999999999"}})",
        R"({"header":{"revision":"7"},"succeeded":"true","kvs":{},"ID":"x"})",
        R"({"header":{"revision":"7"},"responses":[1],"kvs":[1],"ID":"1","result":1})",
        R"({"header":{"revision":"7"},"responses":[{"response_range":[]}],"kvs":[{}]})",
        R"({"header":{"revision":"7"},"responses":[{"response_range":{"kvs":[{"key":"?"}]}}],"kvs":[{"key":1}]})",
        R"({"header":{"revision":"7"},"responses":[{"response_range":{"kvs":[{"key":"YQ==","mod_revision":"1"}]}}],
                        "kvs":[{"key":"YQ==","mod_revision":"1"}]})"));

TEST(EtcdClient, ThatFindsNobodyIsTemporaryAndNamesTheEndpoints) {
  EtcdSettings settings = only("127.0.0.1:" + std::to_string(free_port()));
  settings.endpoints.push_back("127.0.0.1:" + std::to_string(free_port()));

  const auto failed = EtcdShare::open(settings);

  ASSERT_THAT(failed, FailsWith(ErrorCode::temporary, settings.endpoints[0]));
  EXPECT_THAT(failed.error().message, HasSubstr(settings.endpoints[1]));
}

TEST(EtcdClient, ThatDoesNotKnowTheHostIsTemporary) {
  EXPECT_THAT(EtcdShare::open(only("host.invalid:2379")), FailsWith(ErrorCode::temporary, "host.invalid"));
}

TEST(EtcdClient, AfterAStopDoesNotWaitForAnAnswerThatDoesNotCome) {
  const TcpServer silent([](int socket, const std::stop_token& stop) {
    while (read_http(socket, stop)) {
    }
  });
  std::stop_source stop;
  EtcdSettings settings = only(silent.endpoint());
  settings.call_timeout = settings.patience = std::chrono::hours(1);
  settings.stop = stop.get_token();
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });

  EXPECT_EQ(EtcdShare(settings, system_clock(), std::chrono::hours(1)).put(Position{1}, "mine").outcome,
            PutOutcome::unknown);
}

TEST(EtcdClient, AfterAStopStillTakesAnAnswerThatComes) {
  std::stop_source stop;
  EtcdSettings settings = common_etcd().fresh_settings();
  ASSERT_OK(EtcdShare::init(settings));
  settings.stop = stop.get_token();
  stop.request_stop();

  EXPECT_EQ(share_on(settings).put(Position{1}, "the last word").outcome, PutOutcome::won);
}

TEST(EtcdClient, GoesOnToAnEndpointThatWorks) {
  const TcpServer junk([](int socket, const std::stop_token&) { send_text(socket, "SSH-2.0-OpenSSH_9.2\r\n"); });
  const TcpServer html = answering(502, "<html>");
  for (int i = 0; i < 5; ++i) {
    EtcdSettings settings = common_etcd().fresh_settings();
    settings.endpoints.push_back(junk.endpoint());
    settings.endpoints.push_back(html.endpoint());
    settings.endpoints.push_back("127.0.0.1:" + std::to_string(free_port()));
    settings.patience = kNoPatience;

    EXPECT_THAT(EtcdShare::init(settings), IsOk());
  }
}

TEST(EtcdClient, AsksAgainWhenThereIsNoLeader) {
  std::atomic<int> asked{0};
  const TcpServer server([&](int socket, const std::stop_token& stop) {
    while (read_http(socket, stop)) {
      const bool leaderless = ++asked < 3;
      send_text(socket, leaderless ? http_answer(503, R"({"error":"etcdserver: no leader","code":14})")
                                   : http_answer(200, fmt::format("{{{}}}", kHeader)));
    }
  });
  EtcdSettings settings = only(server.endpoint());
  settings.patience = std::chrono::seconds(30);

  EXPECT_THAT(EtcdShare::open(settings), FailsWith(ErrorCode::unavailable, "FORMAT"));
  EXPECT_EQ(asked, 3);
}

TEST(EtcdClient, TakesAServerThatNeverAnswersForAway) {
  const TcpServer server([](int socket, const std::stop_token& stop) {
    while (read_http(socket, stop)) {
    }
  });
  EtcdSettings settings = only(server.endpoint());
  settings.call_timeout = std::chrono::milliseconds(200);

  EXPECT_THAT(EtcdShare::open(settings), FailsWith(ErrorCode::temporary, server.endpoint()));
}

TEST(EtcdClient, CutsOffABodyWithoutEnd) {
  std::atomic<std::size_t> sent{0};
  const TcpServer server([&](int socket, const std::stop_token& stop) {
    if (read_http(socket, stop)) {
      send_text(socket, "HTTP/1.1 200 OK\r\n\r\n");
      for (const std::string junk(64 * kKiB, '['); !stop.stop_requested() && send_text(socket, junk);) {
        sent += junk.size();
      }
    }
  });

  EXPECT_THAT(EtcdShare::open(only(server.endpoint())), FailsWith(ErrorCode::temporary, "more than"));

  EXPECT_LT(sent, 64 * kMiB) << "what the sockets hold, and no more";
}

TEST(EtcdClient, CutsOffHeadersWithoutEnd) {
  const TcpServer server([](int socket, const std::stop_token& stop) {
    if (read_http(socket, stop)) {
      send_text(socket, "HTTP/1.1 200 OK\r\n");
      while (!stop.stop_requested() && send_text(socket, "X-Junk: " + std::string(1000, 'x') + "\r\n")) {
      }
    }
  });

  EXPECT_THAT(EtcdShare::open(only(server.endpoint())), FailsWith(ErrorCode::temporary, "more than"));
}

TEST(EtcdClient, RefusesAListThatIsLargerThanAllowed) {
  const TcpServer server = answering(200, fmt::format("{{{},\"kvs\":[\"{}\"]}}", kHeader, std::string(5 * kMiB, 'x')));

  EXPECT_THAT(share_on(only(server.endpoint())).list_cells(CellKind::peer),
              FailsWith(ErrorCode::temporary, "more than"));
}

TEST(EtcdClient, SaysThatTheGatewayIsOff) {
  const TcpServer server = answering(404, "404 page not found\n");

  EXPECT_THAT(EtcdShare::open(only(server.endpoint())), FailsWith(ErrorCode::unavailable, "--enable-grpc-gateway"));
}

TEST(EtcdClient, SaysThatARealEtcdHasItsGatewayOff) {
  // it is healthy() that needs the gateway: so this one is started by hand
  const std::string endpoint = fmt::format("127.0.0.1:{}", free_port());
  const std::string peers = fmt::format("http://127.0.0.1:{}", free_port());
  const TempDir temp;
  const Process etcd({{"etcd", "--enable-grpc-gateway=false", "--data-dir", temp / "data", "--listen-client-urls",
                       "http://" + endpoint, "--advertise-client-urls", "http://" + endpoint, "--listen-peer-urls",
                       peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "default=" + peers},
                      {}},
                     temp / "log");

  EXPECT_TRUE(wait_for([&] {
    const auto opened = EtcdShare::open(only(endpoint));
    return !opened && opened.error().code == ErrorCode::unavailable &&
           to_string(opened.error()).find("--enable-grpc-gateway") != std::string::npos;
  })) << etcd.err();
}

TEST(EtcdClient, DoesNotFollowToAnotherServer) {
  std::atomic<int> reached{0};
  const TcpServer other([&](int, const std::stop_token&) { ++reached; });
  const TcpServer server([&](int socket, const std::stop_token& stop) {
    while (read_http(socket, stop)) {
      send_text(socket,
                fmt::format("HTTP/1.1 307 X\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n", other.endpoint()));
    }
  });

  EXPECT_THAT(EtcdShare::open(only(server.endpoint())), FailsWith(ErrorCode::temporary));
  EXPECT_EQ(reached, 0);
}

// Answers that get lost.

TEST(EtcdClientLostReply, APutWhoseReplyIsLostWinsWhenItIsRepeated) {
  std::atomic<int> to_lose{3};
  HttpProxy proxy(port_of_common_etcd(), [&](const std::string& request, const std::string& answer) {
    return is_transaction(request) && to_lose-- > 0 ? std::nullopt : std::optional(answer);
  });
  EtcdSettings settings = common_etcd().fresh_settings();
  ASSERT_OK(EtcdShare::init(settings));
  EtcdShare direct(settings);
  settings.endpoints = {proxy.endpoint()};
  EtcdShare share(settings);

  EXPECT_EQ(share.put(Position{1}, "mine").outcome, PutOutcome::won);

  EXPECT_LT(to_lose, 1) << "replies were lost";
  EXPECT_EQ(direct.read(Position{1}).value_or(std::nullopt), "mine");
}

TEST(EtcdClientLostReply, APutWhoseRepliesAreAllLostIsUnknownAndWinsLater) {
  std::atomic<bool> lose{true};
  HttpProxy proxy(port_of_common_etcd(), [&](const std::string& request, const std::string& answer) {
    return is_transaction(request) && lose ? std::nullopt : std::optional(answer);
  });
  EtcdSettings settings = common_etcd().fresh_settings();
  ASSERT_OK(EtcdShare::init(settings));
  EtcdShare direct(settings);
  settings.endpoints = {proxy.endpoint()};
  settings.patience = kNoPatience;
  EtcdShare share = share_on(settings);

  const PutResult first = share.put(Position{1}, "mine");
  EXPECT_EQ(first.outcome, PutOutcome::unknown);
  EXPECT_EQ(first.error.code, ErrorCode::temporary);
  EXPECT_EQ(direct.read(Position{1}).value_or(std::nullopt), "mine") << "it was carried out all the same";
  EXPECT_EQ(direct.put(Position{1}, "theirs").outcome, PutOutcome::lost);
  lose = false;

  EXPECT_EQ(share.put(Position{1}, "mine").outcome, PutOutcome::won);
}

TEST(EtcdClientLostReply, AnInitWhoseReplyIsLostMadeTheShare) {
  std::atomic<int> to_lose{2};
  HttpProxy proxy(port_of_common_etcd(), [&](const std::string& request, const std::string& answer) {
    return is_transaction(request) && to_lose-- > 0 ? std::nullopt : std::optional(answer);
  });
  EtcdSettings settings = common_etcd().fresh_settings();
  settings.endpoints = {proxy.endpoint()};

  ASSERT_OK_AND_ASSIGN(const InitOutcome made, EtcdShare::init(settings));

  EXPECT_EQ(made, InitOutcome::made);
}

TEST(EtcdClientLostReply, ABlobThatWasWrittenHalfIsNotThereUntilItIsWrittenWhole) {
  std::atomic<bool> lose{true};
  EtcdSettings settings = common_etcd().fresh_settings();
  const std::string second_part = to_base64(settings.prefix + "/parts/a/0001");
  HttpProxy proxy(port_of_common_etcd(), [&](const std::string& request, const std::string& answer) {
    return lose && request.find(second_part) != std::string::npos ? std::nullopt : std::optional(answer);
  });
  ASSERT_OK(EtcdShare::init(settings));
  EtcdShare direct(settings);
  settings.endpoints = {proxy.endpoint()};
  EtcdShare share = share_on(settings);
  const std::string bytes = noise(3 * kEtcdPart);

  EXPECT_THAT(share.write_blob("a", bytes), FailsWith(ErrorCode::temporary));
  EXPECT_EQ(direct.read_blob("a", kMaxBlob).value_or("error"), std::nullopt);
  lose = false;

  ASSERT_OK(share.write_blob("a", bytes));
  EXPECT_TRUE(direct.read_blob("a", kMaxBlob).value_or(std::nullopt) == bytes);
}

}  // namespace swarmout::test
