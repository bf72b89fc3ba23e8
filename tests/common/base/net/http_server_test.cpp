#include "common/base/net/http_server.hpp"

#include "tests/support/raw_client.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HttpServerTest : public testing::Test {
protected:
  void open(HttpSettings settings = {}) {
    auto opened = HttpServer::open(settings, "the page", [this](const HttpRequest& asked) {
      from_ = asked.address;
      return HttpReply{asked.target == "/here" ? 200U : 404U, fmt::format("you asked for {}\n", asked.target),
                       "text/html"};
    });
    ASSERT_THAT(opened, IsOk());
    server_ = *std::move(opened);
  }
  std::string ask(const std::string& request) const {
    const RawClient client(server_->endpoint());
    return client.send(request) ? client.answer().value_or("") : "";
  }

  std::string from_;  ///< before the server, whose thread writes it
  std::unique_ptr<HttpServer> server_;
};

}  // namespace

TEST_F(HttpServerTest, TheHandlersAnswerIsSent) {
  open();

  EXPECT_THAT(
      ask("GET /here HTTP/1.1\r\nHost: x\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("Content-Type: text/html"), HasSubstr("you asked for /here")));
  EXPECT_THAT(ask("GET /there?x=1 HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 404 Not Found"), HasSubstr("you asked for /there?x=1")));
  server_.reset();
  EXPECT_EQ(from_, (std::string{127, 0, 0, 1}));
}

TEST_F(HttpServerTest, AConnectionMayAskMoreThanOnce) {
  open();
  const RawClient client(server_->endpoint());

  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send("GET /here HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.answer().value_or(""), HasSubstr("/here"));
  }
}

TEST_F(HttpServerTest, WhatIsNotAGetIsRefused) {
  open();

  EXPECT_THAT(ask("HEAD /here HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), StartsWith("HTTP/1.1 405"));
}

TEST_F(HttpServerTest, ALongRequestIsCutOff) {
  open();

  EXPECT_THAT(ask("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, ARequestThatTricklesInIsCutOff) {
  HttpSettings settings;
  settings.patience = 200ms;
  open(settings);
  const RawClient client(server_->endpoint());
  ASSERT_TRUE(client.send("GET /"));

  EXPECT_TRUE(wait_for([&] { return client.closed(); }));
}

TEST_F(HttpServerTest, AnAddressHasOnlySoManyConnections) {
  HttpSettings settings;
  settings.most_of_an_address = 1;
  open(settings);
  const RawClient first(server_->endpoint());
  ASSERT_TRUE(first.send("GET /here HTTP/1.1\r\nHost: x\r\n\r\n") && first.answer());

  const RawClient second(server_->endpoint());

  EXPECT_TRUE(wait_for([&] { return second.closed(); }));
}

TEST_F(HttpServerTest, ATakenPortIsSaidWithWhoWantedIt) {
  open();
  HttpSettings settings;
  settings.listen_port = server_->endpoint().port;

  EXPECT_THAT(HttpServer::open(settings, "the other page", [](const HttpRequest&) { return HttpReply{}; }),
              FailsWith(ErrorCode::temporary, "the other page cannot listen on"));
}

}  // namespace swarmout::test
