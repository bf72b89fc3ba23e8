// EXPECT_THAT(result, IsOk()), EXPECT_THAT(result, FailsWith(ErrorCode::refused, "part of the message")).

#pragma once

#include "common/base/result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace swarmout::test {

MATCHER(IsOk, "is a success") {
  if (!arg.has_value()) {
    *result_listener << "failed: " << to_string(arg.error());
  }
  return arg.has_value();
}

MATCHER_P(FailsWith, code, "fails with exit code " + std::to_string(static_cast<int>(code))) {
  if (arg.has_value()) {
    *result_listener << "succeeded";
    return false;
  }
  *result_listener << "code " << static_cast<int>(arg.error().code) << ": " << to_string(arg.error());
  return arg.error().code == code;
}

MATCHER_P2(FailsWith, code, part,
           "fails with exit code " + std::to_string(static_cast<int>(code)) + " and says \"" + std::string(part) +
               "\"") {
  if (arg.has_value()) {
    *result_listener << "succeeded";
    return false;
  }
  const std::string said = to_string(arg.error());
  *result_listener << "code " << static_cast<int>(arg.error().code) << ": " << said;
  return arg.error().code == code && said.find(part) != std::string::npos;
}

/// The value; ends the test's function with a failure if there is none.
#define ASSERT_OK_AND_ASSIGN(declaration, expr) \
  ASSERT_OK_AND_ASSIGN_INNER(SWARMOUT_CONCAT(assert_result_, __COUNTER__), declaration, expr)
#define ASSERT_OK_AND_ASSIGN_INNER(name, declaration, expr) \
  auto name = (expr);                                       \
  ASSERT_TRUE(name.has_value()) << to_string(name.error()); \
  declaration = std::move(*name)

#define ASSERT_OK(expr)                                                           \
  do {                                                                            \
    const auto assert_result_ = (expr);                                           \
    ASSERT_TRUE(assert_result_.has_value()) << to_string(assert_result_.error()); \
  } while (false)

}  // namespace swarmout::test
