// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointF>

#include <algorithm>

namespace rekey::ui {

/// What the linked canvases show: one zoom and one centre for both. Zoom 1 is one picture pixel on one
/// device-independent pixel.
class ViewState : public QObject
{
    Q_OBJECT
public:
    static constexpr double smallestZoom = 0.02;
    static constexpr double largestZoom = 64;

    using QObject::QObject;

    bool isFitted() const { return m_fitted; }
    double zoom() const { return m_zoom; }
    QPointF centre() const { return m_centre; }

    /// The whole picture, as large as each canvas allows; stays so when canvases are resized.
    void fit()
    {
        m_fitted = true;
        Q_EMIT changed();
    }
    /// From a canvas that computed what fitting means for its size.
    void settle(double zoom, QPointF centre)
    {
        m_zoom = zoom;
        m_centre = centre;
        Q_EMIT settled();
    }
    void set(double zoom, QPointF centre)
    {
        m_fitted = false;
        m_zoom = std::clamp(zoom, smallestZoom, largestZoom);
        m_centre = centre;
        Q_EMIT changed();
        Q_EMIT settled();
    }

Q_SIGNALS:
    void changed();
    void settled(); ///< zoom() is what is seen; for the status strip

private:
    double m_zoom = 1;
    QPointF m_centre;
    bool m_fitted = true;
};

} // namespace rekey::ui
