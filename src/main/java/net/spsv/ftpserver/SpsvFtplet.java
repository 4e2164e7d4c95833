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

import org.apache.ftpserver.ftplet.DefaultFtplet;

/** Switches single-port mode on. */
public class SpsvFtplet extends DefaultFtplet {
    private String userName = "DATACONN";
    private boolean singlePortOnly;

    public void setUserName(final String userName) {
        this.userName = userName;
    }

    public void setSinglePortOnly(final boolean singlePortOnly) {
        this.singlePortOnly = singlePortOnly;
    }
}
