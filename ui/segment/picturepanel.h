// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/imagestrip.h"

#include <QUrl>
#include <QWidget>

class QMimeData;

namespace rekey::ui {

class Settings;

/// The pictures to run on: thumbnails, a file dialog, and what may be dropped.
class PicturePanel : public QWidget
{
    Q_OBJECT
public:
    PicturePanel(Jobs &jobs, Settings &settings, QWidget *parent = nullptr);
    void setRows(int rows); ///< of pictures in sight; 2

    ImageStrip &strip() const { return *m_strip; }
    /// Adds it if it is new, makes it current, and says so.
    void open(const std::filesystem::path &path);
    void openDialog();
    /// The demo's photos; the first one when there are any.
    std::optional<StripPicture> addDemoPictures();
    /// Whether another picture is a picture: the first local file of `data` that looks like one; else empty.
    static QUrl pictureOf(const QMimeData *data);

Q_SIGNALS:
    void chosen(const rekey::ui::StripPicture &picture);

private:
    Settings &m_settings;
    ImageStrip *m_strip;
};

} // namespace rekey::ui
