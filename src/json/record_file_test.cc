#include "json/record_file.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <vector>

#include "testing/must.h"
#include "testing/temporary_directory.h"

namespace aipress::json {
namespace {

using testing::must;

class RecordFileTest : public ::testing::Test {
protected:
    Result<RecordFile> open() {
        seen_.clear();
        return RecordFile::open(path_, "test_journal", visitor(), probe_);
    }
    RecordVisitor visitor() {
        return [this](auto const& record) -> Result<void> {
            seen_.push_back(record);
            return {};
        };
    }
    [[nodiscard]] std::string text() const {
        std::ifstream file(path_);
        std::ostringstream all;
        all << file.rdbuf();
        return all.str();
    }
    void write(std::string const& text) const { std::ofstream(path_) << text; }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    std::string const path_ = (folder_ / "journal").string();
    NoProbe probe_;
    std::vector<boost::json::object> seen_;
};

TEST_F(RecordFileTest, WhatWasAppendedIsReadAgain) {
    {
        auto file = must(open());
        EXPECT_TRUE(seen_.empty());
        must(file.append("header", {{"test_journal", 1}}));
        must(file.append("step", {{"step", "copy"}}));
    }
    auto const again = must(open());
    ASSERT_EQ(seen_.size(), 2u);
    EXPECT_EQ(seen_[1].at("step").as_string(), "copy");
    seen_.clear();
    must(RecordFile::read(path_, "test_journal", visitor()));
    EXPECT_EQ(seen_.size(), 2u);
}

TEST_F(RecordFileTest, ALineThatWasCutShortIsDropped) {
    must(must(open()).append("header", {{"test_journal", 1}}));
    auto const whole = text();
    write(whole + whole.substr(0, whole.size() - 1));
    {
        auto file = must(open());
        EXPECT_EQ(seen_.size(), 1u);
        must(file.append("step", {{"step", "copy"}}));
    }
    auto const again = must(open());
    EXPECT_EQ(seen_.size(), 2u);
}

TEST_F(RecordFileTest, ADamagedByteIsNoticed) {
    {
        auto file = must(open());
        must(file.append("header", {{"test_journal", 1}}));
        must(file.append("step", {{"step", "copy"}}));
    }
    auto damaged = text();
    damaged[damaged.size() - 4] ^= 1;
    write(damaged);
    auto const opened = open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code(), ErrorCode::DataLoss);
    EXPECT_NE(opened.error().message().find("line 2"), std::string::npos);
    EXPECT_EQ(text(), damaged);
}

TEST_F(RecordFileTest, AFileOfAnotherKindIsLeftAlone) {
    for (std::string const other : {"my notes", "00000000 {\"aipress_journal\":1}\n"}) {
        write(other);
        auto const opened = open();
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code(), ErrorCode::DataLoss);
        EXPECT_EQ(text(), other);
    }
}

TEST_F(RecordFileTest, OneProcessHoldsIt) {
    auto const file = must(open());
    auto const second = open();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code(), ErrorCode::Unavailable);
}

TEST_F(RecordFileTest, AnEmptyOrMissingFileIsNoJournalToRead) {
    EXPECT_EQ(RecordFile::read(path_, "test_journal", visitor()).error().code(),
              ErrorCode::NotFound);
    write("");
    EXPECT_EQ(RecordFile::read(path_, "test_journal", visitor()).error().code(),
              ErrorCode::DataLoss);
}

}  // namespace
}  // namespace aipress::json
