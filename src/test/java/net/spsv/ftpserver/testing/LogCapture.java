/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.ftpserver.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * Everything that anybody logs, at any level, while it is open; nothing of it reaches the console.
 *
 * <p>Used in a try block, or registered with {@code @RegisterExtension}, before the server's own field with a lower
 * {@code @Order} when the server's start is to be heard too.
 */
public final class LogCapture implements AutoCloseable, BeforeEachCallback, AfterEachCallback {
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final Map<Logger, Level> levels = new LinkedHashMap<>();
    private final List<Appender<ILoggingEvent>> others = new ArrayList<>();
    private final Appender<ILoggingEvent> appender = new AppenderBase<ILoggingEvent>() {
        @Override
        protected void append(final ILoggingEvent event) {
            event.prepareForDeferredProcessing();
            events.add(event);
        }
    };

    /** Starts to listen, to every level. */
    public static LogCapture open() {
        final LogCapture capture = new LogCapture();
        capture.start();
        return capture;
    }

    /** Returns what was logged up to now. */
    public List<ILoggingEvent> events() {
        return new ArrayList<>(events);
    }

    /** Returns what the plugin's own classes logged, at this level or above. */
    public List<ILoggingEvent> ofPlugin(final Level least) {
        return matching(event -> event.getLoggerName().startsWith("net.spsv.")
                && event.getLevel().isGreaterOrEqual(least));
    }

    /** Returns what was logged and is as asked for. */
    public List<ILoggingEvent> matching(final Predicate<ILoggingEvent> condition) {
        return events.stream().filter(condition).collect(Collectors.toList());
    }

    /** Returns all that a log file could show of an event: level, logger, message, context and stack trace. */
    public static String text(final ILoggingEvent event) {
        final StringBuilder text = new StringBuilder();
        text.append(event.getLevel())
                .append(" [")
                .append(event.getThreadName())
                .append("] ")
                .append(event.getLoggerName())
                .append(" - ")
                .append(event.getFormattedMessage())
                .append(' ')
                .append(event.getMDCPropertyMap());
        if (event.getThrowableProxy() != null) {
            text.append('\n').append(ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
        return text.toString();
    }

    /** Returns {@link #text(ILoggingEvent)} of all that was logged up to now. */
    public List<String> texts() {
        return events.stream().map(LogCapture::text).collect(Collectors.toList());
    }

    /** Forgets what was logged up to now. */
    public void clear() {
        events.clear();
    }

    @Override
    public void beforeEach(final ExtensionContext context) {
        start();
    }

    @Override
    public void afterEach(final ExtensionContext context) {
        close();
    }

    @Override
    public void close() {
        final Logger root = root();
        root.detachAppender(appender);
        appender.stop();
        others.forEach(root::addAppender);
        others.clear();
        levels.forEach(Logger::setLevel);
        levels.clear();
    }

    private void start() {
        final Logger root = root();
        for (final Logger logger : root.getLoggerContext().getLoggerList()) {
            if (logger.getLevel() != null) {
                levels.put(logger, logger.getLevel());
                logger.setLevel(logger == root ? Level.TRACE : null);
            }
        }
        final Iterator<Appender<ILoggingEvent>> present = root.iteratorForAppenders();
        while (present.hasNext()) {
            others.add(present.next());
        }
        others.forEach(root::detachAppender);
        events.clear();
        appender.setContext(root.getLoggerContext());
        appender.start();
        root.addAppender(appender);
    }

    private static Logger root() {
        return ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }
}
