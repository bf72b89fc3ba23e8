#include "common/share/etcd/etcd_client.hpp"

#include "common/share/etcd/etcd_errors.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <random>
#include <thread>
#include <utility>

namespace swarmout {

namespace {

using Json = nlohmann::json;

/// For what is tidied up at the end, when etcd answers.
constexpr std::chrono::seconds kAnswerAfterStop{1};
constexpr Bytes kMaxHeaders = 64 * kKiB;
/// Less than this between two clocks is not worth a correction, nor is it known.
constexpr std::chrono::seconds kClockTolerance{2};

struct Freed {
  void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};

struct Exchange {
  std::string body;
  Bytes headers = 0;
  std::time_t date = -1;
  bool too_much = false;
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* exchange) {
  auto& into = *static_cast<Exchange*>(exchange);
  if (into.body.size() + size > kMaxEtcdAnswer) {
    into.too_much = true;
    return 0;
  }
  into.body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* exchange) {
  auto& into = *static_cast<Exchange*>(exchange);
  into.headers += size;
  if (into.headers > kMaxHeaders) {
    into.too_much = true;
    return 0;
  }
  const std::string line(data, size);
  if (::curl_strnequal(line.c_str(), "date:", 5) != 0) {
    into.date = ::curl_getdate(line.c_str() + 5, nullptr);
  }
  return size;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// etcd's answers are six levels deep. A million brackets take the parser seconds, and nobody honest sends them.
bool too_deep(std::string_view json) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size() && depth <= 32; ++i) {
    if (quoted && json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      depth += json[i] == '[' || json[i] == '{' ? 1 : json[i] == ']' || json[i] == '}' ? -1 : 0;
    }
  }
  return depth > 32;
}

template <typename T>
using Attempt = tl::expected<T, EtcdFailure>;

bool wrong_certificate(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM;
}

}  // namespace

class EtcdClient::Connection {
public:
  Connection(EtcdSettings settings, Clock& clock) : settings_(std::move(settings)), clock_(clock) {
    static const CURLcode once = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    INVARIANT(once == CURLE_OK && !settings_.endpoints.empty());
    order_ = settings_.endpoints;  // random, so that a thousand clones do not all ask the first one
    std::shuffle(order_.begin(), order_.end(), std::minstd_rand(std::random_device{}()));
  }

  Result<Json> call(std::string_view path, const std::string& request) {
    const auto deadline = std::chrono::steady_clock::now() + settings_.patience;
    auto pause = std::chrono::milliseconds(50);
    while (true) {
      std::vector<Error> errors;
      for (std::size_t i = 0; i < order_.size(); ++i) {
        auto answer = ask_with_token(path, request);
        if (answer) {
          return *std::move(answer);
        }
        if (answer.error().final) {
          return tl::unexpected(std::move(answer.error().error));
        }
        errors.push_back(std::move(answer.error().error));
        std::rotate(order_.begin(), order_.begin() + 1, order_.end());  // the one that answers stays in front
      }
      if (std::chrono::steady_clock::now() >= deadline || settings_.stop.stop_requested()) {
        return tl::unexpected(summary(errors));
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, std::chrono::milliseconds(1000));
    }
  }

  WallTime now() const { return clock_.wall() + offset_; }
  const EtcdSettings& settings() const { return settings_; }

private:
  static Error summary(const std::vector<Error>& errors) {
    Error all = errors.front();
    for (std::size_t i = 1; i < errors.size(); ++i) {
      all.message += "; " + errors[i].message;
      if (errors[i].code != all.code) {
        all.code = ErrorCode::temporary;
      }
    }
    return all;
  }

  Attempt<Json> ask_with_token(std::string_view path, const std::string& request) {
    for (bool again = false;; again = true) {
      if (!settings_.user.empty() && token_.empty() && !without_auth_) {
        if (auto entered = log_in(); !entered) {
          return tl::unexpected(std::move(entered).error());
        }
      }
      auto answer = ask(path, request);
      if (answer || !answer.error().login_again || again) {
        return answer;
      }
      token_.clear();  // simple tokens live for five minutes, and not through a restart
      without_auth_ = false;
    }
  }

  Attempt<void> log_in() {
    const Json request = {{"name", settings_.user}, {"password", settings_.password}};
    const auto answer = ask("/v3/auth/authenticate", request.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!answer && answer.error().error.code == ErrorCode::failed) {
      without_auth_ = true;  // "authentication is not enabled"
      return {};
    }
    if (!answer) {
      EtcdFailure failure = answer.error();
      failure.login_again = false;
      return tl::unexpected(std::move(failure));
    }
    token_ = text_of(*answer, "token");
    if (token_.empty() || token_.find_first_of("\r\n") != std::string::npos) {
      token_.clear();
      return tl::unexpected(not_etcd("gave no token"));
    }
    return {};
  }

  EtcdFailure not_etcd(const std::string& what) const {
    return {{ErrorCode::temporary, fmt::format("etcd at {} {}", order_.front(), what), "is this an etcd?"}};
  }

  /// One POST to the endpoint in front.
  Attempt<Json> ask(std::string_view path, const std::string& request) {
    const std::string& endpoint = order_.front();
    Exchange exchange;
    const auto started = std::chrono::steady_clock::now();
    long status = 0;
    if (const CURLcode code = perform(path, request, exchange, status); code != CURLE_OK) {
      if (exchange.too_much) {
        return tl::unexpected(not_etcd("sent more than there can be in an answer"));
      }
      const std::string why = std::string(error_).empty() ? ::curl_easy_strerror(code) : error_;
      EtcdFailure failure{
          {ErrorCode::temporary, fmt::format("cannot reach etcd at {}: {}", endpoint, printable_answer(why)), {}}};
      if (wrong_certificate(code)) {
        failure.error.code = ErrorCode::unavailable;
        failure.error.hint = "give the certificate authority of this etcd with --etcd-ca";
      }
      return tl::unexpected(std::move(failure));
    }
    compare_clocks(exchange.date, std::chrono::steady_clock::now() - started);
    auto answer = too_deep(exchange.body) ? Json() : Json::parse(exchange.body, nullptr, false);
    if (!answer.is_object()) {
      if (status == 404) {
        return tl::unexpected(
            EtcdFailure{cannot_get_in(fmt::format("the server at {} has no JSON gateway of etcd", endpoint),
                                      "start etcd without --enable-grpc-gateway=false")});
      }
      return tl::unexpected(not_etcd(fmt::format("sent something that is no answer of etcd (HTTP {})", status)));
    }
    std::string error = text_of(answer, "message");
    error = error.empty() ? text_of(answer, "error") : error;
    if (status == 200 && error.empty()) {
      return answer;
    }
    const auto code = answer.find("code");
    return tl::unexpected(
        etcd_failure(endpoint, code != answer.end() && code->is_number_integer() ? code->get<int>() : 0,
                     error.empty() ? fmt::format("HTTP {}", status) : error, !settings_.user.empty()));
  }

  CURLcode perform(std::string_view path, const std::string& request, Exchange& exchange, long& status) {
    CURL* const curl = curl_.get();
    ::curl_easy_reset(curl);  // connections stay open
    error_[0] = '\0';
    const std::string url = fmt::format("{}://{}{}", settings_.tls ? "https" : "http", order_.front(), path);
    std::unique_ptr<curl_slist, Freed> headers(::curl_slist_append(nullptr, "Content-Type: application/json"));
    headers.reset(::curl_slist_append(headers.release(), "Expect:"));
    if (!token_.empty()) {
      headers.reset(::curl_slist_append(headers.release(), ("Authorization: " + token_).c_str()));
    }
    const long timeout = settings_.call_timeout.count();
    ::curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.size()));
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.c_str());
    ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    ::curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");  // cron's environment must not decide who sees the password
    ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout);
    ::curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, std::max(timeout / 2, 1L));
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    ::curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    ::curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    ::curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_);
    if (!settings_.ca.empty()) {
      ::curl_easy_setopt(curl, CURLOPT_CAINFO, settings_.ca.c_str());
      ::curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);  // these and no others
    }
    stopped_.reset();
    ::curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    ::curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    ::curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
    const CURLcode code = ::curl_easy_perform(curl);
    ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return code;
  }

  /// Called about once a second while nothing moves. Not 0: give up, a stop was requested and there is still no answer.
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& connection = *static_cast<Connection*>(self);
    if (!connection.settings_.stop.stop_requested()) {
      return 0;
    }
    const auto now = std::chrono::steady_clock::now();
    return now - connection.stopped_.emplace(connection.stopped_.value_or(now)) >= kAnswerAfterStop ? 1 : 0;
  }

  void compare_clocks(std::time_t date, std::chrono::steady_clock::duration took) {
    if (date == -1) {
      return;
    }
    const auto difference = wall_time(std::chrono::seconds(date)) + std::chrono::milliseconds(500) - clock_.wall();
    const auto agree = [&](WallTime::duration a, WallTime::duration b) {
      return std::chrono::abs(a - b) <= kClockTolerance + took;
    };
    if (!agree(difference, offset_)) {
      offset_ = agree(difference, {}) ? WallTime::duration{} : difference;
    }
  }

  EtcdSettings settings_;
  Clock& clock_;
  std::vector<std::string> order_;
  std::optional<std::chrono::steady_clock::time_point> stopped_;  ///< when a call first saw that a stop was requested
  std::string token_;
  bool without_auth_ = false;
  WallTime::duration offset_{};
  std::unique_ptr<CURL, Freed> curl_{::curl_easy_init()};
  char error_[CURL_ERROR_SIZE] = {};
};

EtcdClient::EtcdClient(EtcdSettings settings, Clock& clock)
    : connection_(std::make_unique<Connection>(std::move(settings), clock)) {}
EtcdClient::~EtcdClient() = default;
EtcdClient::EtcdClient(EtcdClient&&) noexcept = default;

Result<Json> EtcdClient::call(std::string_view path, const Json& request) {
  return connection_->call(path, request.dump(-1, ' ', false, Json::error_handler_t::replace));
}

WallTime EtcdClient::now() const {
  return connection_->now();
}

const EtcdSettings& EtcdClient::settings() const {
  return connection_->settings();
}

}  // namespace swarmout
