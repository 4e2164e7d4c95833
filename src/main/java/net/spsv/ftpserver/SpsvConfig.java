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
package net.spsv.ftpserver;

import org.apache.ftpserver.FtpServerConfigurationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings of single-port mode: the one place where a default stands and a value is refused.
 *
 * <p>Threading: immutable, safe for all threads.
 */
final class SpsvConfig {

    static final String DEFAULT_USER_NAME = "DATACONN";

    private static final Logger LOG = LoggerFactory.getLogger(SpsvConfig.class);

    /** draft-rosenau-ftp-single-port-02, section 3. */
    private static final int MAX_USER_NAME = 32;

    private final String userName;

    private final boolean singlePortOnly;

    private final boolean requireTls;

    private final int loginTimeout;

    SpsvConfig(final String userName, final boolean singlePortOnly, final boolean requireTls, final int loginTimeout) {
        this.userName = checkUserName(userName);
        this.singlePortOnly = singlePortOnly;
        this.requireTls = requireTls;
        this.loginTimeout = checkLoginTimeout(loginTimeout);
    }

    String userName() {
        return userName;
    }

    boolean isSinglePortOnly() {
        return singlePortOnly;
    }

    boolean isTlsRequired() {
        return requireTls;
    }

    /** Seconds, 0 for no limit. */
    int loginTimeout() {
        return loginTimeout;
    }

    private static int checkLoginTimeout(final int seconds) {
        if (seconds < 0) {
            throw new FtpServerConfigurationException(
                    "SpsvFtplet: loginTimeout must be a number of seconds, or 0 for no limit, but is " + seconds);
        }
        return seconds;
    }

    private static String checkUserName(final String name) {
        if (name == null || name.isEmpty() || name.length() > MAX_USER_NAME) {
            throw new FtpServerConfigurationException(
                    "SpsvFtplet: userName must have 1 to " + MAX_USER_NAME + " characters, but is " + quoted(name));
        }
        for (final char c : name.toCharArray()) {
            if (c < 33 || c > 126 || "()[]{}<>:".indexOf(c) >= 0) {
                throw new FtpServerConfigurationException("SpsvFtplet: userName " + quoted(name)
                        + " must not contain brackets, colons, blanks, control or non-ASCII characters");
            }
        }
        if (!name.matches("[A-Z0-9]+")) {
            LOG.warn(
                    "SpsvFtplet: userName \"{}\" should consist of the letters A-Z and digits only;"
                            + " clients need not accept others",
                    name);
        }
        return name;
    }

    private static String quoted(final String name) {
        return name == null ? "missing" : '"' + name.replaceAll("\\p{Cntrl}", "?") + '"';
    }
}
