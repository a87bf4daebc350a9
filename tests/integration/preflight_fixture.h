// Two real servers with a database to move between them, and preflight run on it.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "mover/preflight.h"
#include "testing/database_server.h"

namespace aipress::mover {

// For gtest's messages.
void PrintTo(Finding const& finding, std::ostream* out);

[[nodiscard]] Context test_context();
[[nodiscard]] MoveOptions options_between(mysql::Endpoint source, mysql::Endpoint target);
[[nodiscard]] PreflightReport run(MoveOptions const& options,
                                  TargetContent content = TargetContent::MustBeEmpty);
// All definitions and grants of a server, as its own dump tool says them.
[[nodiscard]] std::string dump(testing::DatabaseServer const& server);

// Matches findings that contain one like this.
[[nodiscard]] ::testing::Matcher<std::vector<Finding>> found(Severity severity,
                                                             std::string const& side,
                                                             std::string const& code,
                                                             std::string const& object);
[[nodiscard]] ::testing::Matcher<std::vector<Finding>> fault(std::string const& side,
                                                             std::string const& code,
                                                             std::string const& object);
[[nodiscard]] ::testing::Matcher<std::vector<Finding>> degraded(std::string const& side,
                                                                std::string const& code,
                                                                std::string const& object);
[[nodiscard]] ::testing::Matcher<std::vector<Finding>> notice(std::string const& side,
                                                              std::string const& code,
                                                              std::string const& object);

// A global variable set for one test.
class Setting {
public:
    Setting(testing::DatabaseServer const& server, std::string name, std::string const& value)
        : server_(server),
          name_(std::move(name)),
          before_(server.scalar(fmt::format("SELECT QUOTE(@@GLOBAL.{})", name_))) {
        server_.execute(fmt::format("SET GLOBAL {} = {}", name_, value));
    }
    ~Setting() {
        auto const bare = before_.substr(1, before_.size() - 2);
        bool const is_number =
            bare.find_first_not_of("0123456789") == std::string::npos && !bare.empty();
        server_.execute(fmt::format("SET GLOBAL {} = {}", name_, is_number ? bare : before_));
    }
    Setting(Setting const&) = delete;
    Setting& operator=(Setting const&) = delete;

private:
    testing::DatabaseServer const& server_;
    std::string name_;
    std::string before_;
};

class Preflight : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        auto source = testing::DatabaseServer::start({.settings = {"event_scheduler=ON"}});
        ASSERT_TRUE(source.ok()) << source.error().message();
        source_ = new testing::DatabaseServer(source.release());
        auto target =
            testing::DatabaseServer::start({.server_id = 2, .settings = {"event_scheduler=ON"}});
        ASSERT_TRUE(target.ok()) << target.error().message();
        target_ = new testing::DatabaseServer(target.release());
        source_->execute("CREATE USER wp@'%' IDENTIFIED BY 'p'");
        source_->execute("GRANT ALL ON `shop`.* TO wp@'%'");
        target_->execute("CREATE USER wp@'%' IDENTIFIED BY 'p'");
        target_->execute("GRANT ALL ON `shop`.* TO wp@'%'");
    }
    static void TearDownTestSuite() {
        delete source_;
        delete target_;
    }
    void SetUp() override {
        source_->execute("CREATE DATABASE shop");
        source_->execute(
            "CREATE TABLE shop.posts (id BIGINT PRIMARY KEY, body LONGTEXT, "
            "FULLTEXT KEY (body)) ENGINE=InnoDB");
    }
    void TearDown() override {
        for (auto const* server : {source_, target_}) {
            for (auto const* database : {"shop", "other", "aside"}) {
                server->execute(fmt::format("DROP DATABASE IF EXISTS {}", database));
            }
        }
    }

    static MoveOptions options() {
        return options_between(source_->root("shop"), target_->root("shop"));
    }
    static void on_source(std::string_view sql) { source_->execute(sql); }
    // Definitions are made with the database as the session's default.
    static void in_shop(std::string_view sql) {
        auto connection = source_->connect_root("shop");
        auto done = connection.execute(test_context(), sql);
        ASSERT_TRUE(done.ok()) << done.error().message() << "\n" << sql;
    }

    static inline testing::DatabaseServer* source_ = nullptr;
    static inline testing::DatabaseServer* target_ = nullptr;
};

}  // namespace aipress::mover
