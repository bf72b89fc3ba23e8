// Does a document fit its schema in docs/formats?

#pragma once

#include "common/base/files.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace swarmout::test {

/// What of JSON Schema the document uses, and nothing else: an unknown word is a fault of the schema.
class SchemaChecker {
public:
  explicit SchemaChecker(const nlohmann::json& schema) : root_(schema) {}
  std::vector<std::string> faults(const nlohmann::json& value) {
    check(value, root_, "");
    return std::move(faults_);
  }

private:
  void fault(const std::string& where, const std::string& what) { faults_.push_back(where + ": " + what); }

  static bool is(const nlohmann::json& value, const std::string& type) {
    return type == "integer"  ? value.is_number_integer()
           : type == "number" ? value.is_number()
                              : type == value.type_name();
  }

  void check(const nlohmann::json& value, const nlohmann::json& schema, const std::string& where) {
    for (const auto& [word, rule] : schema.items()) {
      if (word == "type") {
        const std::vector<nlohmann::json> types =
            rule.is_array() ? rule.get<std::vector<nlohmann::json>>() : std::vector<nlohmann::json>{rule};
        if (std::none_of(types.begin(), types.end(), [&](const nlohmann::json& type) { return is(value, type); })) {
          fault(where, fmt::format("{} is not {}", value.dump(), rule.dump()));
        }
      } else if (word == "required") {
        for (const nlohmann::json& key : rule) {
          if (!value.contains(key.get<std::string>())) {
            fault(where, "has no " + key.get<std::string>());
          }
        }
      } else if (word == "properties") {
        check_properties(value, rule, where);
      } else if (word == "items") {
        for (std::size_t i = 0; i < value.size(); ++i) {
          check(value[i], rule, fmt::format("{}[{}]", where, i));
        }
      } else if (word == "minimum") {
        if (value.is_number() && value < rule) {
          fault(where, "is below " + rule.dump());
        }
      } else if (word == "enum") {
        if (std::find(rule.begin(), rule.end(), value) == rule.end()) {
          fault(where, value.dump() + " is none of the words");
        }
      } else if (word == "$ref") {
        check(value, root_.at(nlohmann::json::json_pointer(rule.get<std::string>().substr(1))), where);
      } else if (word == "anyOf") {
        const bool any = std::any_of(rule.begin(), rule.end(), [&](const nlohmann::json& each) {
          SchemaChecker one(root_);
          one.check(value, each, where);
          return one.faults_.empty();
        });
        if (!any) {
          fault(where, "is none of what it may be");
        }
      } else if (word != "$schema" && word != "title" && word != "description" && word != "$defs") {
        fault(where, "the schema says " + word);
      }
    }
  }

  /// Stricter than a reader is: a field that is not in the document is one that nobody knows of.
  void check_properties(const nlohmann::json& value, const nlohmann::json& properties, const std::string& where) {
    for (const auto& [key, each] : value.items()) {
      properties.contains(key) ? check(each, properties[key], where + '.' + key)
                               : fault(where, key + " is not in the schema");
    }
  }

  const nlohmann::json& root_;
  std::vector<std::string> faults_;
};

inline nlohmann::json schema(const std::string& name) {
  Path root = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  while (!path_exists(root / "docs/formats") && root.has_relative_path()) {
    root = root.parent_path();
  }
  return nlohmann::json::parse(read_file(root / "docs/formats" / name, kMiB).value());
}

}  // namespace swarmout::test
